import { clsx } from 'clsx';
import { MessageSquare } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { titleOf } from '../chats/title-of.ts';
import { formatTime } from '../texts/format.ts';
import { useTexts } from '../texts/use-texts.ts';
import { MarkedText } from './marked-text.tsx';
import type { Found } from './use-found.ts';

interface FoundOptionProps {
  readonly found: Found;
  /** The searched words. */
  readonly search: string;
  readonly isActive: boolean;
  readonly onPoint: () => void;
  readonly onChoose: () => void;
}

/** Returns the element id of an option. */
export const optionIdOf = ({ id }: Found): string => `found-${id}`;

/** A chat or a message that the search found. The focus stays in the search field, so the option has no keyboard events. */
export function FoundOption({ found, search, isActive, onPoint, onChoose }: FoundOptionProps) {
  const option = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isActive) option.current?.scrollIntoView({ block: 'nearest' });
  }, [isActive]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the search field handles the keys, see above.
    <div
      ref={option}
      id={optionIdOf(found)}
      role="option"
      tabIndex={-1}
      aria-selected={isActive}
      className={clsx('scroll-my-10 cursor-pointer rounded-xl px-3 py-2.5 text-sm', isActive && 'bg-hover')}
      onPointerMove={isActive ? undefined : onPoint}
      onClick={onChoose}
    >
      {found.kind === 'chat' ? (
        <FoundChat chat={found.chat} search={search} />
      ) : (
        <FoundMessage result={found.result} search={search} />
      )}
    </div>
  );
}

function FoundChat({ chat, search }: Pick<Extract<Found, { kind: 'chat' }>, 'chat'> & { search: string }) {
  const { text } = useTexts();
  return (
    <p className="flex items-center gap-2.5">
      <MessageSquare aria-hidden className="size-4 shrink-0 text-ink-soft" />
      <span dir="auto" className="truncate">
        <MarkedText text={titleOf(chat, text)} search={search} />
      </span>
    </p>
  );
}

function FoundMessage({
  result,
  search,
}: Pick<Extract<Found, { kind: 'message' }>, 'result'> & { search: string }) {
  const { text, locales } = useTexts();
  return (
    <>
      <p className="flex items-baseline gap-3">
        <span dir="auto" className="min-w-0 grow truncate text-xs text-ink-soft">
          {titleOf(result, text)}
        </span>
        <time dateTime={result.createdAt} className="shrink-0 text-xs text-ink-soft">
          {formatTime(new Date(result.createdAt), { dateStyle: 'medium' }, locales)}
        </time>
      </p>
      <p dir="auto" className="mt-0.5 line-clamp-2 wrap-anywhere">
        <MarkedText text={result.snippet} search={search} />
      </p>
    </>
  );
}
