import { type Id, isId } from '@parley/contract';
import type { Scope } from '../scope.ts';
import type { FeedbackAuthor } from './feedback-records.ts';

/**
 * The id of the feedback on an answer: chat, answer and author. A user reaches only their own chats, so an answer has at most
 * two: that of the chat's user, and the one that all callers for the team share. It names no user, and so follows the chat to
 * the user who claims it.
 */
export function feedbackId(chat: Id<'chat'>, message: Id<'message'>, by: FeedbackAuthor): string {
  return `${chat} ${message} ${by}`;
}

/** The author as whom a caller of this scope gives feedback. */
export function authorOf({ user }: Scope): FeedbackAuthor {
  return user === undefined ? 'team' : 'user';
}

/** The parts of an id that `feedbackId` made. */
export function partsOfFeedbackId(id: string): {
  readonly message: Id<'message'>;
  readonly by: FeedbackAuthor;
} {
  const [, message = '', by] = id.split(' ');
  if (!isId('message', message)) throw new Error(`${id} is no id of feedback`);
  return { message, by: by === 'user' ? 'user' : 'team' };
}

/** The range of the ids of all feedback in a chat: `!` is the character after the space. */
export function feedbackOf(chat: Id<'chat'>) {
  return { $gt: `${chat} `, $lt: `${chat}!` };
}
