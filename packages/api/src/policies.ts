import type { KeyScope } from '@parley/contract';

/** What procedures issue. Whoever has one of these acts with it as a caller. */
export type IssuedCredential = 'key' | 'signing secret' | 'token issuer' | 'guest token';

/**
 * Issuing a credential never grants more than the issuer has. A key, and a guest's token beside its key, are kept
 * within the limits of the issuer (`credentials/escalation.ts`). A signing secret, or an issuer of tokens, has no
 * limits that could be kept: only callers without any deal with it.
 */
export const credentialRules = {
  key: 'within the issuer',
  'signing secret': 'unrestricted issuers',
  'token issuer': 'unrestricted issuers',
  'guest token': 'within the issuer',
} as const satisfies Record<IssuedCredential, 'within the issuer' | 'unrestricted issuers'>;

/** Who may ask for a procedure, and what a restricted secret key needs for it. */
export interface Policy {
  /**
   * `everyone`: any key. One that reaches the whole team (a secret one, an open one) as the team, any other with
   * a token, as the user whom the token proves, within that user's chats.
   * `secret`: a secret key, as the team. What administers is asked for by servers.
   * `anonymous`: a key for guests, without a token.
   * `verified`: a user with a token that the team's servers signed.
   */
  readonly callers: 'everyone' | 'secret' | 'anonymous' | 'verified';
  /** The scope that a secret key with scopes has to have. */
  readonly scope: KeyScope;
  /**
   * The credential that the procedure issues, changes, ends or shows. A procedure that does not say so here gets no
   * store function that could issue one.
   */
  readonly credential?: IssuedCredential;
  /** Callers who act for the whole team leave an entry in the audit log, as with every procedure for `secret`. */
  readonly isAuditedForTeams?: true;
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
  'chat.delete': { ...writing, isAuditedForTeams: true },
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
  'guest.create': { callers: 'anonymous', scope: 'chats:write', credential: 'guest token' },
  'guest.claim': { callers: 'verified', scope: 'chats:write' },
  'signingSecret.create': { callers: 'secret', scope: 'keys:write', credential: 'signing secret' },
  'signingSecret.list': { callers: 'secret', scope: 'keys:read', credential: 'signing secret' },
  'signingSecret.revoke': { callers: 'secret', scope: 'keys:write', credential: 'signing secret' },
  'tokenIssuer.set': { callers: 'secret', scope: 'keys:write', credential: 'token issuer' },
  'tokenIssuer.get': { callers: 'secret', scope: 'keys:read' },
  'tokenIssuer.delete': { callers: 'secret', scope: 'keys:write', credential: 'token issuer' },
  'key.create': { callers: 'secret', scope: 'keys:write', credential: 'key' },
  'key.list': { callers: 'secret', scope: 'keys:read', credential: 'key' },
  'key.get': { callers: 'secret', scope: 'keys:read', credential: 'key' },
  'key.update': { callers: 'secret', scope: 'keys:write', credential: 'key' },
  'key.roll': { callers: 'secret', scope: 'keys:write', credential: 'key' },
  'key.revoke': { callers: 'secret', scope: 'keys:write', credential: 'key' },
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
