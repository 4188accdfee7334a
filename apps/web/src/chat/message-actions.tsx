import { clsx } from 'clsx';
import { CopyButton } from '../ui/copy-button.tsx';

interface MessageActionsProps {
  readonly createdAt?: string | undefined;
  readonly textOf: () => string;
  /** If false, the actions only appear on hover and focus. */
  readonly isAlwaysShown?: boolean;
}

/** The actions of a message. Hidden actions keep their space, so that the layout does not move. */
export function MessageActions({ createdAt, textOf, isAlwaysShown = false }: MessageActionsProps) {
  return (
    <div
      className={clsx(
        'flex items-center gap-1 text-ink-soft transition-opacity print:hidden',
        !isAlwaysShown &&
          'opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100',
      )}
    >
      <CopyButton label="Copy" textOf={textOf} />
      {createdAt && <MessageTime createdAt={createdAt} />}
    </div>
  );
}

const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

function MessageTime({ createdAt }: { readonly createdAt: string }) {
  const date = new Date(createdAt);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={createdAt} className="px-1 text-xs">
      {(isToday ? timeFormat : format).format(date)}
    </time>
  );
}
