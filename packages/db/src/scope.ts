import type { Id } from '@parley/contract';

/**
 * The data that a caller may access. Every store function that serves callers takes a scope, so that a query without a
 * team does not compile, and stays within its user and agents. Access to turns and messages needs a `ChatAccess`.
 */
export interface Scope {
  readonly team: Id<'team'>;
  /** The user whose chats the caller may access. Absent: all users. */
  readonly user?: string;
  /** The agents that the caller may access, and whose chats. Absent: all agents of the team. */
  readonly agents?: readonly Id<'agent'>[];
}

/**
 * The scope of the engine's own work, which runs accepted turns for no caller. The scope of a limited caller does not
 * compile in its place, so that no function of the engine serves a caller by mistake.
 */
export interface SystemScope {
  readonly team: Id<'team'>;
  readonly user?: never;
  readonly agents?: never;
}
