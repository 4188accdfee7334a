import type { ErrorCode } from '@parley/contract';
import type { Send } from './send.ts';

/** A message of the person who chats. */
export interface UserEntry {
  readonly kind: 'user';
  /** Stays the same when a message that was shown at once is accepted. */
  readonly key: string;
  /** Unknown until the server has told it. */
  readonly messageId?: string;
  readonly content: string;
  /** Present while the chat has not told of the message: how its sending stands. */
  readonly send?: Send;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** The agent's answer to the message before it. */
export interface AnswerEntry {
  readonly kind: 'answer';
  /** Stays the same from the queue to the end. */
  readonly key: string;
  /** The answer's id: what `stop` and `retry` take. */
  readonly messageId: string;
  /** The message it answers; undefined while only the acceptance of that is known. */
  readonly userMessageId?: string;
  /** What has been written so far. Empty for a failed answer. */
  readonly content: string;
  readonly status: 'queued' | 'generating' | 'completed' | 'stopped' | 'failed';
  /** Why it failed. */
  readonly errorCode?: ErrorCode;
  /** When it ended, ISO 8601. */
  readonly createdAt?: string;
}

/** One thing a transcript shows. An entry that did not change is the same object. */
export type TranscriptEntry = UserEntry | AnswerEntry;
