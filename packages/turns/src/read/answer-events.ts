import type { AnswerEvent, Id, StreamCursor, TapePart, TapePlace, WholePart } from '@parley/contract';
import type { EndedOutcome } from '../turn-outcome.ts';

/** The number of a part in its answer. The text that an answer begins with is part 0, whose number is left out. */
interface Numbered {
  readonly part?: number;
}

/** Events of reasoning. `isShown`: the agent showed its reasoning when the answer was written. */
interface OfReasoning extends Numbered {
  readonly isShown: boolean;
}

/**
 * An event of an answer with all its parts. What callers may see of it is decided where it leaves the server.
 */
export type EngineAnswerEvent =
  | Extract<AnswerEvent, { type: 'start' | 'status' | 'end' }>
  | ({ readonly type: 'text-start' | 'text-end' } & Numbered)
  | ({ readonly type: 'text-delta'; readonly text: string } & Numbered)
  | ({ readonly type: 'reasoning-start' | 'reasoning-end' } & OfReasoning)
  | ({ readonly type: 'reasoning-delta'; readonly text: string } & OfReasoning)
  | WholePart
  /** Replaces everything before it. `parts` is absent if the answer has text alone. */
  | { readonly type: 'snapshot'; readonly text: string; readonly parts?: readonly TapePart[] };

/** An event of an answer, and the cursor after which a reader that received it continues. */
export interface AnswerEventWithCursor {
  readonly cursor: StreamCursor;
  readonly event: EngineAnswerEvent;
}

/** The ids of an answer and of the message that it answers. */
export interface AnswerIds {
  readonly answerId: Id<'message'>;
  readonly userMessageId: Id<'message'>;
}

/** The known part of an answer: the tape of one run after `from`, and its end once it has ended. */
export interface KnownText {
  readonly attempt: number;
  /** The offset of `text` in the tape, in UTF-16 units. */
  readonly from: number;
  readonly text: string;
  /** The place in the tape at `from`. Absent at its start, and where the tape has no mark. */
  readonly place?: TapePlace;
  /** The time until which the model's server makes the run wait, for example because of a rate limit. */
  readonly waitsUntil?: Date;
  readonly outcome?: EndedOutcome;
}

/** A turn that waits for its first or next run. */
export interface QueuedView {
  /** The number of unfinished turns of the chat before it. */
  readonly turnsBefore: number;
}

/** The last event of an answer: how it ended. */
export function toEndEvent(outcome: EndedOutcome): Extract<AnswerEvent, { type: 'end' }> {
  switch (outcome.kind) {
    case 'answered':
      return {
        type: 'end',
        status: outcome.status,
        ...(outcome.answer.finishReason && { finishReason: outcome.answer.finishReason }),
        createdAt: outcome.answer.createdAt.toISOString(),
      };
    case 'empty':
      return { type: 'end', status: 'stopped' };
    case 'failed':
      return {
        type: 'end',
        status: 'failed',
        errorCode: outcome.errorCode,
        ...(outcome.retryAt && { retryAt: outcome.retryAt.toISOString() }),
        ...(outcome.answer && { createdAt: outcome.answer.createdAt.toISOString() }),
      };
  }
}
