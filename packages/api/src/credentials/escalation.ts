import { ApiError, type KeyScope } from '@parley/contract';
import type { ApiKeyFields, ApiKeyInfo, ApiKeyReach, IssuerLimits } from '@parley/db';
import type { Caller } from '../caller.ts';

/*
 * Issuing a credential never grants more than the issuer has. A key with limits (scopes, agents, an end, origins,
 * a budget; its own, or of the keys that issued it) issues keys within these limits, and changes or ends only
 * itself, to less, and the keys below it. A key that was rolled has an end: that of its overlap.
 */

/** What publishable keys do. */
const PUBLISHABLE_SCOPES: readonly KeyScope[] = ['chats:read', 'chats:write', 'agents:read'];

/** Whoever has a signing secret acts as any user of the team. */
const SIGNING_SECRET_SCOPES: readonly KeyScope[] = ['chats:read', 'chats:write', 'keys:write'];

/** What a key may be given. */
type Grant = Pick<ApiKeyFields, 'expiresAt' | 'origins' | 'tokensPerDay'>;

export function hasLimits({ scopes, scope: { agents }, limits }: Caller): boolean {
  return scopes !== undefined || agents !== undefined || bounds(limits);
}

/** Whether a key has limits, its own or those of its issuers. */
export function isLimited(key: ApiKeyInfo, ofIssuers: IssuerLimits): boolean {
  const { scopes, agents, familyExpiresAt, origins, tokensPerDay } = key;
  const own = [scopes, agents, familyExpiresAt, origins, tokensPerDay];
  return own.some((limit) => limit !== undefined) || bounds(ofIssuers);
}

function bounds({ expiresAt, origins, budgets }: IssuerLimits): boolean {
  return expiresAt !== undefined || origins !== undefined || budgets.length > 0;
}

/**
 * Lets only callers deal with signing secrets who reach all chats of the team anyway.
 *
 * @throws ApiError `unrestricted_key_needed`
 */
export function assertUnrestricted({ scopes, scope: { agents }, limits }: Caller): void {
  const canDoAll = !scopes || SIGNING_SECRET_SCOPES.every((one) => scopes.includes(one));
  if (!canDoAll || agents || bounds(limits)) throw new ApiError('unrestricted_key_needed');
}

/**
 * The fields of a key that this caller issues: what is left out of its end, origins and budget is as the caller's.
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

/** All that may be given within some limits. */
function grantOf({ expiresAt, origins, budgets }: IssuerLimits): Grant {
  return {
    ...(expiresAt && { expiresAt }),
    ...(origins && { origins }),
    ...(budgets.length > 0 && { tokensPerDay: smallest(budgets) }),
  };
}

/** Whether what a key is given, as far as it is said, goes beyond some limits. */
export function exceeds({ expiresAt, origins, tokensPerDay }: Grant, limits: IssuerLimits): boolean {
  const { expiresAt: end, origins: allowed, budgets } = limits;
  const isLonger = expiresAt && end && expiresAt > end;
  // An empty list takes the origins away: every page may then use the key.
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
 * Keeps a caller with limits to the keys that its family issued and, where that cannot give it anything, to itself.
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
