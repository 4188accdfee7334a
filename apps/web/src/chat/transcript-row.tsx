import type { TranscriptEntry } from '@parley/client';
import { memo } from 'react';
import { ErrorBoundary } from '../lib/error-boundary.tsx';
import { PlainText } from '../markdown/plain-text.tsx';
import { Answer } from './answer.tsx';
import { UserMessage } from './user-message.tsx';

interface TranscriptRowProps {
  readonly entry: TranscriptEntry;
  readonly isNewest: boolean;
}

/** An entry of the transcript. Unchanged entries are the same objects, so `memo` skips them. */
export const TranscriptRow = memo(function TranscriptRow({ entry, isNewest }: TranscriptRowProps) {
  return (
    <div className="column">
      <ErrorBoundary fallback={<PlainText text={entry.content} />}>
        {entry.kind === 'user' ? <UserMessage entry={entry} /> : <Answer entry={entry} isNewest={isNewest} />}
      </ErrorBoundary>
    </div>
  );
});
