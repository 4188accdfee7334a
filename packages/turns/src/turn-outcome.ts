import type { ErrorCode } from '@parley/contract';
import type { MessageRecord, TurnRecord } from '@parley/db';

/** How a turn ended, as whoever follows it is told. */
export type TurnOutcome =
  | { readonly kind: 'answered'; readonly status: 'completed' | 'stopped'; readonly answer: MessageRecord }
  | { readonly kind: 'failed'; readonly errorCode: ErrorCode }
  /** Stopped before the first word: ended well, but there is nothing to show. */
  | { readonly kind: 'empty' }
  /** The chat was deleted. */
  | { readonly kind: 'gone' }
  /** This process shuts down; the turn goes on elsewhere. */
  | { readonly kind: 'handed-over' };

/** What a stored turn tells a follower; undefined while it is unfinished. */
export function outcomeOf(turn: TurnRecord | undefined): TurnOutcome | undefined {
  if (!turn) return { kind: 'gone' };
  switch (turn.status) {
    case 'queued':
    case 'generating':
      return undefined;
    case 'failed':
      return { kind: 'failed', errorCode: turn.errorCode ?? 'model_failed' };
    case 'completed':
    case 'stopped':
      return turn.answer ? { kind: 'answered', status: turn.status, answer: turn.answer } : { kind: 'empty' };
  }
}
