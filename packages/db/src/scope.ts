import type { Id } from '@parley/contract';

/**
 * What a caller reaches. Every store function that serves callers takes one, so that a query without a tenant does
 * not compile, and keeps to its user and agents. Turns and messages are reached through a chat: see `ChatAccess`.
 */
export interface Scope {
  readonly team: Id<'team'>;
  /** The one user whose chats are reached; absent: the whole team's. */
  readonly user?: string;
  /** The agents that are reached, and whose chats are; absent: all of the team's. */
  readonly agents?: readonly Id<'agent'>[];
}

/**
 * What the engine's own work reaches: it runs turns that were accepted, for no caller. A caller's scope is none, so
 * that none of its functions serves a caller by mistake.
 */
export interface SystemScope {
  readonly team: Id<'team'>;
  readonly user?: never;
  readonly agents?: never;
}
