import type { ErrorCode, Feedback, FinishReason, Message, MessagePart } from '@parley/contract';
import type { Send } from './send.ts';

/** The versions of a message or an answer, oldest first, the shown one included. */
export type Siblings = NonNullable<Message['siblings']>;

/** A user's message. */
export interface UserEntry {
  readonly kind: 'user';
  /** Stays the same when the message is accepted. */
  readonly key: string;
  /** Absent until the server has reported it. */
  readonly messageId?: string;
  readonly content: string;
  /** The text, if there is one, and the files. Absent without files. */
  readonly parts?: readonly MessagePart[];
  /** The state of sending. Present until the chat has reported the message. */
  readonly send?: Send;
  /** The versions of the message, if there are others. */
  readonly siblings?: Siblings;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** The answer to the preceding message. */
export interface AnswerEntry {
  readonly kind: 'answer';
  /** Stays the same for the whole life of the answer. */
  readonly key: string;
  /** The id for `stop` and `retry`. */
  readonly messageId: string;
  /** The id of the answered message; absent until it is known. */
  readonly userMessageId?: string;
  /** The text written so far. A failed answer keeps it. */
  readonly content: string;
  /**
   * The parts written so far, in order, if the answer shows more than text: `content` is the joined text of its text parts.
   * Unchanged parts stay the same objects.
   */
  readonly parts?: readonly MessagePart[];
  readonly status: 'queued' | 'generating' | 'completed' | 'stopped' | 'failed';
  /** The reason of a failure. */
  readonly errorCode?: ErrorCode;
  /**
   * When the model's server takes requests again, ISO 8601. Of a failed answer, if the server said so, or of one that
   * is being generated and waits until then.
   */
  readonly retryAt?: string;
  /** Of a queued answer: the number of messages of the chat that are answered first. */
  readonly position?: number;
  /** Why the model ended a completed answer. Absent if the server does not know. */
  readonly finishReason?: FinishReason;
  /** The caller's own feedback. Changes by others, and on other devices, are seen when the chat is loaded again. */
  readonly feedback?: Feedback;
  /** The versions of the answer, if there are others. */
  readonly siblings?: Siblings;
  /** The time at which the answer ended, ISO 8601. */
  readonly createdAt?: string;
}

/** An entry of a transcript. Unchanged entries stay the same objects. */
export type TranscriptEntry = UserEntry | AnswerEntry;
