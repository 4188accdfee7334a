import { SearchX } from 'lucide-react';
import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { useEmbed } from '../embed/embed-context.ts';
import { PageHeader } from '../layout/page-header.tsx';
import { problemTextOf } from '../problems/problem-text.ts';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';

/** Shown for a chat that was deleted, belongs to another user or never existed. */
export function ChatNotFound({ isDeleted = false }: { readonly isDeleted?: boolean }) {
  const texts = useTexts();
  const { text } = texts;
  const [, navigate] = useLocation();
  const { title, advice } = problemTextOf({ code: 'chat_not_found' }, texts);
  // An embedded chat opens the last chat automatically. If it was deleted, show the start page instead of an error.
  const isStale = useEmbed() !== undefined && !isDeleted;
  useEffect(() => {
    if (isStale) navigate('/', { replace: true });
  }, [isStale, navigate]);
  return (
    <>
      <PageHeader />
      <div className="m-auto flex max-w-sm flex-col items-center gap-3 px-6 pb-24 text-center">
        <SearchX aria-hidden className="size-8 text-ink-soft" strokeWidth={1.5} />
        <h1 className="font-display text-2xl">{isDeleted ? text('chat.deleted') : title}</h1>
        <p className="text-ink-soft">{isDeleted ? text('chat.deleted-advice') : advice}</p>
        <Button look="primary" className="mt-2" onClick={() => navigate('/')}>
          {text('chats.new')}
        </Button>
      </div>
    </>
  );
}
