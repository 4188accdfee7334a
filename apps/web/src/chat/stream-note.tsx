import type { ChatConnection, ParleyError } from '@parley/client';
import { useConnection } from '@parley/client/react';
import { useLate } from '../lib/use-late.ts';
import { wordsFor } from '../problems/problem-words.ts';
import { Spinner } from '../ui/spinner.tsx';

/** A connection that is back sooner is not worth a word. */
const tellAfterMs = 2_000;

interface StreamNoteProps {
  readonly connection: ChatConnection;
  readonly error: ParleyError | undefined;
}

/** Tells that the chat cannot be followed just now, and why. Being offline is told by the banner of the page. */
export function StreamNote({ connection, error }: StreamNoteProps) {
  const { isOnline } = useConnection();
  const isCut = connection === 'reconnecting' || error !== undefined;
  const isLate = useLate(isCut && isOnline, tellAfterMs);
  return (
    <div role="status">
      {isLate && (
        <p className="mx-auto flex w-fit items-center gap-2 text-xs text-ink-soft animate-fade">
          <Spinner />
          {error ? `${wordsFor(error).title}. Trying again…` : 'Reconnecting…'}
        </p>
      )}
    </div>
  );
}
