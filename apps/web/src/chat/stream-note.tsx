import type { ChatConnection, ParleyError } from '@parley/client';
import { useConnection } from '@parley/client/react';
import { useLate } from '../lib/use-late.ts';
import { problemTextOf } from '../problems/problem-text.ts';
import { useTexts } from '../texts/use-texts.ts';
import { Spinner } from '../ui/spinner.tsx';

/** Shorter interruptions are not shown. */
const showAfterMs = 2_000;

interface StreamNoteProps {
  readonly connection: ChatConnection;
  readonly error: ParleyError | undefined;
}

/** Shows that the chat is not up to date, and why. The offline banner covers a missing network. */
export function StreamNote({ connection, error }: StreamNoteProps) {
  const texts = useTexts();
  const { text } = texts;
  const { isOnline } = useConnection();
  const isCut = connection === 'reconnecting' || error !== undefined;
  const isLate = useLate(isCut && isOnline, showAfterMs);
  return (
    <div role="status">
      {isLate && (
        <p className="mx-auto flex w-fit items-center gap-2 text-xs text-ink-soft animate-fade">
          <Spinner />
          {error
            ? text('chat.retrying', { problem: problemTextOf(error, texts).title })
            : text('chat.reconnecting')}
        </p>
      )}
    </div>
  );
}
