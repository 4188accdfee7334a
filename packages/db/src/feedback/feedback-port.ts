import type { Id } from '@parley/contract';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { FeedbackOnAnswer, FeedbackRecord } from './feedback-records.ts';

/**
 * Feedback on answers: one for the chat's user and one for all callers of the team. It is removed with its chat, and summed
 * by agent version in the usage.
 */
export interface FeedbackStore {
  /**
   * Sets the caller's feedback on an answer, in place of an earlier one. `missing`: the chat has no such answer, or was
   * deleted meanwhile. `no-text`: the answer has not ended with text.
   */
  set(
    chat: ChatAccess,
    message: Id<'message'>,
    feedback: FeedbackRecord,
  ): Promise<'set' | 'missing' | 'no-text'>;
  /** Removes the caller's feedback on an answer, if there is one. False if the chat has no such answer. */
  remove(chat: ChatAccess, message: Id<'message'>): Promise<boolean>;
  /** The caller's own feedback on these messages. Most have none. */
  listOwn(chat: ChatAccess, messages: readonly Id<'message'>[]): Promise<FeedbackOnAnswer[]>;
}
