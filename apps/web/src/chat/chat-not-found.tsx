import { SearchX } from 'lucide-react';
import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { useEmbed } from '../embed/embed-context.ts';
import { PageHeader } from '../layout/page-header.tsx';
import { wordsFor } from '../problems/problem-words.ts';
import { Button } from '../ui/button.tsx';

/** A chat that is not there: deleted, another's, or never made. */
export function ChatNotFound({ isDeleted = false }: { readonly isDeleted?: boolean }) {
  const [, navigate] = useLocation();
  const { title, advice } = wordsFor({ code: 'chat_not_found' });
  // In a frame nobody followed a link: the chat they had is another user's, or was deleted meanwhile.
  const isStale = useEmbed() !== undefined && !isDeleted;
  useEffect(() => {
    if (isStale) navigate('/', { replace: true });
  }, [isStale, navigate]);
  return (
    <>
      <PageHeader />
      <div className="m-auto flex max-w-sm flex-col items-center gap-3 px-6 pb-24 text-center">
        <SearchX aria-hidden className="size-8 text-ink-soft" strokeWidth={1.5} />
        <h1 className="font-display text-2xl">{isDeleted ? 'This chat was deleted' : title}</h1>
        <p className="text-ink-soft">
          {isDeleted ? 'Here or in another window. It cannot be opened any more.' : advice}
        </p>
        <Button look="primary" className="mt-2" onClick={() => navigate('/')}>
          Start another chat
        </Button>
      </div>
    </>
  );
}
