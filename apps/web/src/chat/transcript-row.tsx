import type { TranscriptEntry } from '@parley/client';
import { clsx } from 'clsx';
import { memo } from 'react';
import { ErrorBoundary } from '../lib/error-boundary.tsx';
import { PlainText } from '../markdown/plain-text.tsx';
import { Answer } from './answer.tsx';
import type { TargetMessage } from './message-address.ts';
import { useFocusOnTarget } from './use-focus-on-target.ts';
import { UserMessage } from './user-message.tsx';

interface TranscriptRowProps {
  readonly entry: TranscriptEntry;
  readonly isNewest: boolean;
  /** The page was opened at this entry. */
  readonly target?: TargetMessage | undefined;
}

/** An entry of the transcript. Unchanged entries are the same objects, so `memo` skips them. */
export const TranscriptRow = memo(function TranscriptRow({ entry, isNewest, target }: TranscriptRowProps) {
  const row = useFocusOnTarget(target);
  return (
    <div
      ref={row}
      className={clsx('column -outline-offset-2', target && 'rounded-2xl bg-notice-wash')}
      tabIndex={target && -1}
      data-target={target && ''}
    >
      <ErrorBoundary fallback={<PlainText text={entry.content} />}>
        {entry.kind === 'user' ? <UserMessage entry={entry} /> : <Answer entry={entry} isNewest={isNewest} />}
      </ErrorBoundary>
    </div>
  );
});
