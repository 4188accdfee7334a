import type { StreamCursor } from '@parley/contract';
import type { EndedOutcome } from '../turn-outcome.ts';

/** What a reader of an answer is told, in this order. `snapshot` replaces all text that was shown before. */
export type ReaderEvent =
  | { readonly type: 'start' }
  | { readonly type: 'text-start' }
  | { readonly type: 'text-delta'; readonly text: string }
  | { readonly type: 'text-end' }
  | { readonly type: 'snapshot'; readonly text: string }
  /** Told beside the text, by the process that runs the turn: it moves no cursor, and is not told again. */
  | { readonly type: 'status'; readonly status: 'waiting_for_model'; readonly retryAt: Date }
  | { readonly type: 'end'; readonly outcome: EndedOutcome };

/** An event, and the cursor after which a reader that got it goes on. */
export interface PlacedEvent {
  readonly cursor: StreamCursor;
  readonly event: ReaderEvent;
}

/** An answer as far as it is known: the text of one run from `from` on, and how it ended once it has. */
export interface KnownText {
  readonly attempt: number;
  /** In UTF-16 units. */
  readonly from: number;
  readonly text: string;
  /** While the model's server makes the run wait: until then. */
  readonly waitsUntil?: Date;
  readonly outcome?: EndedOutcome;
}
