import type { Scope } from '../scope.ts';
import type { ChatRecord } from './chat-records.ts';

declare const proof: unique symbol;

/**
 * A chat, with the proof that a scope may access it. Functions for callers take it in place of a chat's id, so that a call
 * for an unchecked chat does not compile. The chat may have changed since it was read.
 */
export interface ChatAccess {
  readonly chat: ChatRecord;
  /** The scope of the access. To check it again, find the chat in this scope. */
  readonly scope: Scope;
  /** Only `accessTo` makes one. */
  readonly [proof]: true;
}

/** The access of a scope to a stored chat. Undefined if the scope must not access it. */
export function accessTo(scope: Scope, chat: ChatRecord): ChatAccess | undefined {
  const { team, user, agents } = scope;
  const isAllowed =
    chat.team === team &&
    (user === undefined || chat.user === user) &&
    (agents === undefined || agents.includes(chat.agent));
  return isAllowed ? ({ chat, scope } as ChatAccess) : undefined;
}
