import type { Chat } from '@parley/contract';
import { clsx } from 'clsx';
import { memo, useCallback, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { useSidebar } from '../layout/sidebar-context.ts';
import { searchButtonId } from '../search/search-button.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { ChatMark } from './chat-mark.tsx';
import { ChatMenu } from './chat-menu.tsx';
import { titleOf } from './title-of.ts';

interface ChatRowProps {
  readonly chat: Chat;
  readonly isCurrent: boolean;
  readonly onOpen: () => void;
}

/** A chat in the list. */
export const ChatRow = memo(function ChatRow({ chat, isCurrent, onOpen }: ChatRowProps) {
  const { text } = useTexts();
  const [, navigate] = useLocation();
  const { isWide } = useSidebar();
  const row = useRef<HTMLDivElement>(null);
  const replace = !isWide;
  const linkBeside = useCallback(() => neighbourOf(row.current), []);
  return (
    <div
      ref={row}
      className={clsx(
        'group/row relative flex items-center rounded-xl transition-colors hover:bg-hover',
        isCurrent && 'bg-hover',
      )}
    >
      <Link
        href={`/c/${chat.id}`}
        replace={replace}
        aria-current={isCurrent ? 'page' : undefined}
        onClick={onOpen}
        className={clsx(
          'flex min-h-9 min-w-0 grow items-center rounded-xl py-1.5 ps-3 pe-10 text-sm max-md:min-h-11 -outline-offset-2',
          isCurrent && 'font-medium',
        )}
      >
        <span dir="auto" className="grow truncate" title={titleOf(chat, text)}>
          {titleOf(chat, text)}
        </span>
        <ChatMark chat={chat} isCurrent={isCurrent} />
      </Link>
      <ChatMenu
        chat={chat}
        {...(isCurrent && { onDelete: () => navigate('/', { replace }) })}
        focusAfterDelete={linkBeside}
        className={clsx(
          'absolute end-0',
          !isCurrent &&
            'opacity-0 group-hover/row:opacity-100 focus-visible:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100 max-md:opacity-100',
        )}
      />
    </div>
  );
});

/** Returns the link of the next chat, or of the one before the last; the search button if the list has no other chat. */
function neighbourOf(row: HTMLElement | null): HTMLElement | null {
  const item = row?.closest('li');
  const beside = item?.nextElementSibling ?? item?.previousElementSibling;
  return beside?.querySelector('a') ?? document.getElementById(searchButtonId);
}
