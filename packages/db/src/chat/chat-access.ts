import type { Scope } from '../scope.ts';
import type { ChatRecord } from './chat-records.ts';

declare const proof: unique symbol;

/**
 * A chat, and the proof that a scope reaches it. Functions that serve callers take one in place of a chat's id, so
 * that a call for a chat nobody checked does not compile. The chat is as it was when it was read.
 */
export interface ChatAccess {
  readonly chat: ChatRecord;
  /** Whose access it is: to look whether it still holds, find the chat in this scope again. */
  readonly scope: Scope;
  /** Only `accessTo` makes one. */
  readonly [proof]: true;
}

/** Compares a stored chat with a scope; undefined when the scope does not reach it. */
export function accessTo(scope: Scope, chat: ChatRecord): ChatAccess | undefined {
  const { team, user, agents } = scope;
  const isReached =
    chat.team === team &&
    (user === undefined || chat.user === user) &&
    (agents === undefined || agents.includes(chat.agent));
  return isReached ? ({ chat, scope } as ChatAccess) : undefined;
}
