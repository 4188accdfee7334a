import type { AnswerEvent, Id, StreamCursor } from '@parley/contract';
import type { EndedOutcome } from '../turn-outcome.ts';

/** An event of an answer, and the cursor after which a reader that received it continues. */
export interface AnswerEventWithCursor {
  readonly cursor: StreamCursor;
  readonly event: AnswerEvent;
}

/** The ids of an answer and of the message that it answers. */
export interface AnswerIds {
  readonly answerId: Id<'message'>;
  readonly userMessageId: Id<'message'>;
}

/** The known part of an answer: the text of one run after `from`, and its end once it has ended. */
export interface KnownText {
  readonly attempt: number;
  /** The offset of `text` in the answer, in UTF-16 units. */
  readonly from: number;
  readonly text: string;
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
      };
  }
}
