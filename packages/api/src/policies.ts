import type { KeyScope } from '@parley/contract';

/** The credentials that procedures issue. */
export type IssuedCredential = 'key' | 'signing secret' | 'token issuer' | 'guest token';

/**
 * A credential never has more permissions than its issuer. Keys and guest tokens stay within the limits of their
 * issuer (`credentials/escalation.ts`). Signing secrets and token issuers cannot have limits, so only callers
 * without limits may manage them.
 */
export const credentialRules = {
  key: 'within the issuer',
  'signing secret': 'unrestricted issuers',
  'token issuer': 'unrestricted issuers',
  'guest token': 'within the issuer',
} as const satisfies Record<IssuedCredential, 'within the issuer' | 'unrestricted issuers'>;

/** The callers who may call a procedure, and the scope that a restricted secret key needs for it. */
export interface Policy {
  /**
   * `everyone`: any key. A secret or `open` key acts as the team; with a user's token, every key acts as that user.
   * `secret`: a secret key without a user's token, for administration by servers.
   * `anonymous`: a key for guests, without a token.
   * `verified`: a user with a token that the team's servers signed.
   */
  readonly callers: 'everyone' | 'secret' | 'anonymous' | 'verified';
  /** The scope that a secret key with limited scopes needs. */
  readonly scope: KeyScope;
  /**
   * The credential that the procedure issues, changes, revokes or shows. Other procedures get no function that
   * issues one.
   */
  readonly credential?: IssuedCredential;
  /** Calls that act for the whole team are audited, like all calls of procedures for `secret`. */
  readonly isAuditedForTeams?: true;
}

const reading = { callers: 'everyone', scope: 'chats:read' } as const;
const writing = { callers: 'everyone', scope: 'chats:write' } as const;

/**
 * The policies of all procedures. A procedure without a policy does not compile. docs/security.md shows the table.
 */
export const policies = {
  'chat.create': writing,
  'chat.list': reading,
  'chat.get': reading,
  'chat.update': writing,
  'chat.delete': { ...writing, isAuditedForTeams: true },
  'chat.follow': reading,
  'chat.export': reading,
  'chat.followAll': reading,
  'chat.choosePath': writing,
  'message.create': writing,
  'message.list': reading,
  'message.search': reading,
  'message.cancel': writing,
  'message.retry': writing,
  'message.delete': { ...writing, isAuditedForTeams: true },
  'message.follow': reading,
  'message.setFeedback': writing,
  'message.deleteFeedback': writing,
  'file.create': writing,
  'file.get': reading,
  'file.delete': { ...writing, isAuditedForTeams: true },
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
  'signingSecret.list': { callers: 'secret', scope: 'keys:write', credential: 'signing secret' },
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

/** Returns whether there is a procedure with this name. */
export function isProcedure(name: string): name is keyof typeof policies {
  return Object.hasOwn(policies, name);
}

/**
 * Returns the policy of a procedure.
 *
 * @throws Error for an unknown procedure: nobody may call it
 */
export function policyOf(procedure: string): Policy {
  if (!isProcedure(procedure)) throw new Error(`${procedure} has no policy`);
  return policies[procedure];
}
