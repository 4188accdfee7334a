import type { TranscriptEntry } from '@parley/client';
import { memo } from 'react';
import { Answer } from './answer.tsx';
import { UserMessage } from './user-message.tsx';

interface TranscriptRowProps {
  readonly entry: TranscriptEntry;
  readonly isNewest: boolean;
}

/** One entry. What did not change is the same object, and is not rendered again. */
export const TranscriptRow = memo(function TranscriptRow({ entry, isNewest }: TranscriptRowProps) {
  return (
    <div className="column">
      {entry.kind === 'user' ? <UserMessage entry={entry} /> : <Answer entry={entry} isNewest={isNewest} />}
    </div>
  );
});
