import { useChats } from '@parley/client/react';
import { useMemo } from 'react';
import { useRoute } from 'wouter';
import { useLate } from '../lib/use-late.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Spinner } from '../ui/spinner.tsx';
import { ChatRow } from './chat-row.tsx';
import { groupByDay } from './group-by-day.ts';
import { useOnSight } from './use-on-sight.ts';

interface ChatListProps {
  readonly onOpen: () => void;
}

/** The user's chats, last used first, grouped by day. */
export function ChatList({ onOpen }: ChatListProps) {
  const texts = useTexts();
  const { text } = texts;
  const { chats, isLoading, error, hasMore, loadMore, isLoadingMore, refresh } = useChats();
  const [, params] = useRoute('/c/:chatId');
  const groups = useMemo(() => groupByDay(chats, new Date(), texts), [chats, texts]);
  const end = useOnSight(hasMore && !isLoadingMore, loadMore);

  if (error && chats.length === 0) {
    return (
      <ProblemNote problem={error} className="mx-1">
        <Button className="px-2 text-ink" onClick={refresh}>
          {text('page.try-again')}
        </Button>
      </ProblemNote>
    );
  }
  return (
    <>
      {isLoading && <ListSkeleton />}
      <ul aria-label={text('chats.list')}>
        {groups.flatMap(({ name, items }) =>
          items.map((chat, index) => (
            <li key={chat.id}>
              {index === 0 && <h3 className="px-3 pt-5 pb-1.5 text-xs font-medium text-ink-soft">{name}</h3>}
              <ChatRow chat={chat} isCurrent={params?.chatId === chat.id} onOpen={onOpen} />
            </li>
          )),
        )}
      </ul>
      {!isLoading && chats.length === 0 && (
        <p role="status" className="px-3 pt-6 text-sm text-ink-soft">
          {text('chats.none')}
        </p>
      )}
      {hasMore && (
        <div ref={end} className="flex h-12 items-center justify-center">
          {isLoadingMore && <Spinner className="text-ink-soft" />}
        </div>
      )}
    </>
  );
}

function ListSkeleton() {
  const { text } = useTexts();
  const isLate = useLate(true, 150);
  return (
    <div className="flex flex-col gap-4 px-3 pt-6">
      <p role="status" className="sr-only">
        {text('chats.loading')}
      </p>
      {isLate &&
        ['w-4/5', 'w-3/5', 'w-11/12', 'w-2/3', 'w-3/4'].map((width) => (
          <Skeleton key={width} className={`h-4 ${width}`} />
        ))}
    </div>
  );
}
