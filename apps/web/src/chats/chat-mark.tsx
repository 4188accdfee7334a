import type { Chat } from '@parley/contract';
import { useEffect, useSyncExternalStore } from 'react';
import { useTexts } from '../texts/use-texts.ts';
import { Spinner } from '../ui/spinner.tsx';
import { isUnread, markSeen, seenChats, subscribeToSeen } from './seen-chats.ts';

/** Marks a chat that is being answered, or that has something new for this browser. */
export function ChatMark({ chat, isCurrent }: { readonly chat: Chat; readonly isCurrent: boolean }) {
  const { text } = useTexts();
  const seen = useSyncExternalStore(subscribeToSeen, seenChats);
  const { id, updatedAt } = chat;
  useEffect(() => {
    if (isCurrent) markSeen(id, updatedAt);
  }, [isCurrent, id, updatedAt]);
  if (chat.isAnswering)
    return (
      <span role="img" aria-label={text('chats.answering')} className="ms-2 shrink-0 text-ink-soft">
        <Spinner />
      </span>
    );
  if (isCurrent || !isUnread(chat, seen)) return null;
  return (
    <span
      role="img"
      aria-label={text('chats.unread')}
      className="ms-2 size-2 shrink-0 rounded-full bg-accent"
    />
  );
}
