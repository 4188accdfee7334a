import type { KeyScope } from '@parley/contract';

/** Who may ask for a procedure, and what a restricted secret key needs for it. */
export interface Policy {
  /**
   * `everyone`: any key. One that reaches the whole team (a secret one, an open one) as the team, any other with
   * a token, as the user whom the token proves, within that user's chats.
   * `secret`: a secret key, as the team. What administers is asked for by servers.
   * `newcomer`: a key for guests, without a token.
   * `verified`: a user with a token that the team's servers signed.
   */
  readonly callers: 'everyone' | 'secret' | 'newcomer' | 'verified';
  /** The scope that a secret key with scopes has to have. */
  readonly scope: KeyScope;
}

const reading = { callers: 'everyone', scope: 'chats:read' } as const;
const writing = { callers: 'everyone', scope: 'chats:write' } as const;

/**
 * Who may do what: the one place. A procedure that does not stand here compiles in no build and answers nobody;
 * docs/security.md shows the table.
 */
export const policies = {
  'chat.create': writing,
  'chat.list': reading,
  'chat.get': reading,
  'chat.update': writing,
  'chat.delete': writing,
  'chat.follow': reading,
  'message.create': writing,
  'message.list': reading,
  'message.cancel': writing,
  'message.retry': writing,
  'message.follow': reading,
  'agent.list': { callers: 'everyone', scope: 'agents:read' },
  'agent.create': { callers: 'secret', scope: 'agents:write' },
  'agent.get': { callers: 'secret', scope: 'agents:read' },
  'agent.update': { callers: 'secret', scope: 'agents:write' },
  'agent.delete': { callers: 'secret', scope: 'agents:write' },
  'agent.listVersions': { callers: 'secret', scope: 'agents:read' },
  'agent.rollback': { callers: 'secret', scope: 'agents:write' },
  'guest.create': { callers: 'newcomer', scope: 'chats:write' },
  'guest.claim': { callers: 'verified', scope: 'chats:write' },
  'signingSecret.create': { callers: 'secret', scope: 'keys:write' },
  'signingSecret.list': { callers: 'secret', scope: 'keys:read' },
  'signingSecret.revoke': { callers: 'secret', scope: 'keys:write' },
  'tokenIssuer.set': { callers: 'secret', scope: 'keys:write' },
  'tokenIssuer.get': { callers: 'secret', scope: 'keys:read' },
  'tokenIssuer.delete': { callers: 'secret', scope: 'keys:write' },
  'key.create': { callers: 'secret', scope: 'keys:write' },
  'key.list': { callers: 'secret', scope: 'keys:read' },
  'key.get': { callers: 'secret', scope: 'keys:read' },
  'key.update': { callers: 'secret', scope: 'keys:write' },
  'key.roll': { callers: 'secret', scope: 'keys:write' },
  'key.revoke': { callers: 'secret', scope: 'keys:write' },
  'user.delete': { callers: 'secret', scope: 'users:write' },
  'user.block': { callers: 'secret', scope: 'users:write' },
  'user.unblock': { callers: 'secret', scope: 'users:write' },
  'user.signOut': { callers: 'secret', scope: 'users:write' },
  'audit.list': { callers: 'secret', scope: 'data:read' },
  'team.get': { callers: 'secret', scope: 'data:read' },
  'team.update': { callers: 'secret', scope: 'data:write' },
  'usage.list': { callers: 'secret', scope: 'usage:read' },
} as const satisfies Record<string, Policy>;

/** Whether there is a procedure of this name. */
export function isProcedure(name: string): name is keyof typeof policies {
  return Object.hasOwn(policies, name);
}

/** @throws Error for a procedure without a policy: nobody may ask for it */
export function policyOf(procedure: string): Policy {
  if (!isProcedure(procedure)) throw new Error(`${procedure} has no policy`);
  return policies[procedure];
}
