import { useLate } from '../lib/use-late.ts';
import { useTexts } from '../texts/use-texts.ts';
import { Skeleton } from '../ui/skeleton.tsx';

/** Shown while the newest messages load, after a short delay. */
export function TranscriptSkeleton() {
  const { text } = useTexts();
  const isLate = useLate(true, 150);
  return (
    <div className="min-h-0 grow overflow-hidden">
      <p role="status" className="sr-only">
        {text('chat.loading')}
      </p>
      {isLate && (
        <div className="column flex flex-col gap-4 pt-8 animate-fade">
          <Skeleton className="h-11 w-3/5 self-end" />
          <Skeleton className="mt-2 h-4 w-11/12" />
          <Skeleton className="h-4 w-full" />
          <Skeleton className="h-4 w-2/3" />
          <Skeleton className="mt-4 h-11 w-2/5 self-end" />
          <Skeleton className="mt-2 h-4 w-5/6" />
          <Skeleton className="h-4 w-1/2" />
        </div>
      )}
    </div>
  );
}
