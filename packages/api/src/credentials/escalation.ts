import { ApiError, type KeyScope } from '@parley/contract';
import type { ApiKeyFields, ApiKeyInfo, ApiKeyReach, IssuerLimits } from '@parley/db';
import type { Caller } from '../caller.ts';

/*
 * A credential never has more permissions than its issuer. A key with limits (scopes, agents, expiry, origins,
 * budget; its own or those of its issuers) issues keys within these limits. It changes and revokes only itself, to
 * smaller limits, and the keys below it. A rolled key has a limit too: the end of its overlap.
 */

/** The permissions that every publishable key has. */
const PUBLISHABLE_SCOPES: readonly KeyScope[] = ['chats:read', 'chats:write', 'agents:read'];

/** The permissions that a signing secret gives: its holder can act as any user of the team. */
const SIGNING_SECRET_SCOPES: readonly KeyScope[] = ['chats:read', 'chats:write', 'keys:write'];

/** The limits of a key that can be set and changed. */
type Grant = Pick<ApiKeyFields, 'expiresAt' | 'origins' | 'tokensPerDay'>;

/** Returns whether the caller's key has limits, its own or those of its issuers. */
export function hasLimits({ scopes, scope: { agents }, limits }: Caller): boolean {
  return scopes !== undefined || agents !== undefined || bounds(limits);
}

/** Returns whether a key has limits, its own or those of its issuers. */
export function isLimited(key: ApiKeyInfo, ofIssuers: IssuerLimits): boolean {
  const { scopes, agents, familyExpiresAt, origins, tokensPerDay } = key;
  const own = [scopes, agents, familyExpiresAt, origins, tokensPerDay];
  return own.some((limit) => limit !== undefined) || bounds(ofIssuers);
}

function bounds({ expiresAt, origins, budgets }: IssuerLimits): boolean {
  return expiresAt !== undefined || origins !== undefined || budgets.length > 0;
}

/**
 * Rejects callers who do not already reach all chats of the team, because a signing secret or a token issuer gives
 * access to all of them.
 *
 * @throws ApiError `unrestricted_key_needed`
 */
export function assertUnrestricted({ scopes, scope: { agents }, limits }: Caller): void {
  const canDoAll = !scopes || SIGNING_SECRET_SCOPES.every((one) => scopes.includes(one));
  if (!canDoAll || agents || bounds(limits)) throw new ApiError('unrestricted_key_needed');
}

/**
 * Returns the fields of a key that this caller issues. An expiry, origins or a budget that is left out is the
 * caller's own.
 *
 * @throws ApiError `key_beyond_yours`
 */
export function toIssuedFields<Fields extends Grant & ApiKeyReach>(
  { scopes, scope: { agents }, limits }: Caller,
  kind: Caller['kind'],
  fields: Fields,
): Fields {
  const canDo = kind === 'secret' ? fields.scopes : PUBLISHABLE_SCOPES;
  const doesMore = scopes && !canDo?.every((one) => scopes.includes(one));
  const reachesMore = agents && !fields.agents?.every((one) => agents.includes(one));
  const inherited: Fields = { ...grantOf(limits), ...fields };
  if (doesMore || reachesMore || exceeds(inherited, limits)) throw new ApiError('key_beyond_yours');
  return inherited;
}

/** Returns the widest settings within some limits. */
function grantOf({ expiresAt, origins, budgets }: IssuerLimits): Grant {
  return {
    ...(expiresAt && { expiresAt }),
    ...(origins && { origins }),
    ...(budgets.length > 0 && { tokensPerDay: smallest(budgets) }),
  };
}

/** Returns whether settings of a key go beyond some limits. Settings that are left out do not. */
export function exceeds({ expiresAt, origins, tokensPerDay }: Grant, limits: IssuerLimits): boolean {
  const { expiresAt: end, origins: allowed, budgets } = limits;
  const isLonger = expiresAt && end && expiresAt > end;
  // An empty list removes the origins: every page could then use the key.
  const isWider =
    origins && allowed && (origins.length === 0 || !origins.every((one) => allowed.includes(one)));
  const spendsMore =
    tokensPerDay !== undefined && (tokensPerDay ?? Number.POSITIVE_INFINITY) > smallest(budgets);
  return Boolean(isLonger || isWider || spendsMore);
}

function smallest(budgets: IssuerLimits['budgets']): number {
  return Math.min(...budgets.map(({ tokensPerDay }) => tokensPerDay));
}

/**
 * Checks that a caller with limits manages only keys that its family issued, or itself where that gives it nothing.
 *
 * @throws ApiError `key_beyond_yours`
 */
export function assertMayManage(
  caller: Caller,
  { id, issuers }: ApiKeyInfo,
  { orItself }: { readonly orItself: boolean },
): void {
  const isBelow = issuers.includes(caller.familyId);
  const isItself = orItself && id === caller.key;
  if (hasLimits(caller) && !isBelow && !isItself) throw new ApiError('key_beyond_yours');
}
