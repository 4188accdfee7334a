import { clsx } from 'clsx';
import type { ReactNode } from 'react';
import { formatTime } from '../texts/format.ts';
import { useTexts } from '../texts/use-texts.ts';
import { CopyButton } from '../ui/copy-button.tsx';

interface MessageActionsProps {
  readonly createdAt?: string | undefined;
  readonly textOf: () => string;
  /** If false, the actions only appear on hover and focus. */
  readonly isAlwaysShown?: boolean;
  /** More actions, behind the copy button. */
  readonly children?: ReactNode;
}

/** The actions of a message. Hidden actions keep their space, so that the layout does not move. */
export function MessageActions({ createdAt, textOf, isAlwaysShown = false, children }: MessageActionsProps) {
  const { text } = useTexts();
  return (
    <div
      className={clsx(
        'flex items-center gap-1 text-ink-soft transition-opacity print:hidden',
        !isAlwaysShown &&
          'opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100',
      )}
    >
      <CopyButton label={text('copy.label')} textOf={textOf} />
      {children}
      {createdAt && <MessageTime createdAt={createdAt} />}
    </div>
  );
}

function MessageTime({ createdAt }: { readonly createdAt: string }) {
  const { locales } = useTexts();
  const date = new Date(createdAt);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={createdAt} className="px-1 text-xs">
      {formatTime(
        date,
        isToday ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' },
        locales,
      )}
    </time>
  );
}
