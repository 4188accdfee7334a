import { ApiError, type Id, type KeyScope } from '@parley/contract';
import type { ApiKeyRecord, IssuerLimits, ReadGuard, Scope, Stores } from '@parley/db';
import { type ProvedUser, proveUser, type UserTokenStores, userStatusErrorCode } from './user-token.ts';

/** Who calls, as the key proved it, and the user's token where one came. */
export interface Caller {
  readonly key: Id<'key'>;
  /** Stays when the key is rolled. */
  readonly familyId: Id<'key'>;
  readonly kind: 'publishable' | 'secret';
  /** For whom they act. */
  readonly as: CallerRole;
  /** What a secret key may do, where it does not say everything. */
  readonly scopes?: readonly KeyScope[] | undefined;
  /** The families of the keys that issued it, the oldest first. */
  readonly issuers: readonly Id<'key'>[];
  /** The key's end, origins and budgets, and those of the keys that issued it. */
  readonly limits: IssuerLimits;
  /** What the caller may reach. */
  readonly scope: Scope;
}

type CallerRole =
  /** A secret key, or an open one: all that the key reaches. */
  | { readonly role: 'team' }
  /** A user of the team, by their token: their own chats. */
  | { readonly role: 'user'; readonly proof: ProvedUser['proof']; readonly token: ProvedUser['token'] }
  /** A key that is for users, without a user: reaches nothing. */
  | { readonly role: 'anonymous'; readonly canBecomeGuest: boolean };

/** Whether a user calls whom nobody vouches for, such as a guest: anybody can become another one. */
export function isUnverifiedUser({ as }: Pick<Caller, 'as'>): boolean {
  return as.role === 'user' && as.proof !== 'verified';
}

/** Whether the caller is a user whom the team has verified: its servers signed the token. */
export function isVerifiedUser({ as }: { readonly as: CallerProof }): boolean {
  return as.role === 'user' && as.proof === 'verified';
}

/** What of a caller's role says whether somebody vouches for them. */
export interface CallerProof {
  readonly role: Caller['as']['role'];
  readonly proof?: ProvedUser['proof'];
}

/** The headers a key, and a user's token, may come in, as `node:http` and `Headers` both give them. */
export interface KeyHeaders {
  readonly apiKey: string | undefined;
  readonly authorization: string | undefined;
  /** Who of the team's users calls. */
  readonly userToken: string | undefined;
}

/** Where a request comes from, as a browser says it; a program may leave it out, or say anything. */
export interface OriginHeaders {
  readonly origin: string | undefined;
  /** Whether `origin` is this server's own. */
  readonly isOwnPage: boolean;
}

export type CallerStores = Pick<Stores, 'apiKeys' | 'guests' | 'signingSecrets' | 'userStatuses'> &
  UserTokenStores;

interface AuthenticationOptions {
  /** Stands before each database read for a key or token that this process does not know. */
  readonly guard?: ReadGuard | undefined;
  /** A page of another site sent a secret key. */
  readonly onSecretInPage?: (key: ApiKeyRecord) => void;
}

/**
 * Finds out who calls. No key, a malformed, unknown, revoked and expired one get one and the same rejection.
 *
 * @throws ApiError `unauthorized`; `key_origin_not_allowed` and `secret_key_in_browser` when the key is a good one
 *   in a wrong page; `user_token_invalid`, `user_token_expired`, `user_blocked` and `user_signed_out`; `database_unavailable` when the key cannot be
 *   looked up: that is no "no".
 */
export async function authenticate(
  stores: CallerStores,
  headers: KeyHeaders & OriginHeaders,
  { guard, onSecretInPage }: AuthenticationOptions = {},
): Promise<Caller> {
  const text = headers.apiKey ?? bearerToken(headers.authorization);
  const key = text === undefined ? undefined : await stores.apiKeys.find(text, guard);
  if (!key) throw new ApiError('unauthorized');
  if (isOfForeignPage(key, headers)) {
    if (key.kind === 'publishable') throw new ApiError('key_origin_not_allowed');
    onSecretInPage?.(key);
    throw new ApiError('secret_key_in_browser');
  }
  const { userToken } = headers;
  const user = userToken === undefined ? undefined : await proveUser(stores, key, userToken, guard);
  if (user) {
    await assertNotBlocked(stores, key.team, user);
    noteGuest(stores, key.team, user);
  }
  const { id, lineage: familyId, issuers, kind, scopes, budgets, origins, expiresAt } = key;
  const limits = { budgets, ...(origins && { origins }), ...(expiresAt && { expiresAt }) };
  return {
    key: id,
    familyId,
    issuers,
    kind,
    ...(scopes && { scopes }),
    limits,
    ...roleAndScopeOf(key, user),
  };
}

/** @throws ApiError `user_blocked`, `user_signed_out` */
async function assertNotBlocked(
  { userStatuses }: Pick<CallerStores, 'userStatuses'>,
  team: Id<'team'>,
  { id, token }: ProvedUser,
): Promise<void> {
  const code = userStatusErrorCode(await userStatuses.find({ team }, id), token.issuedAt);
  if (code) throw new ApiError(code);
}

/** A token that is rejected must not keep its guest from being forgotten: only one that is let in is noted. */
function noteGuest({ guests }: Pick<CallerStores, 'guests'>, team: Id<'team'>, { token }: ProvedUser): void {
  if (token.kind !== 'guest') return;
  // Nobody waits for it, and nothing is lost with it but a time.
  guests.noteSeen({ team }, { id: token.guest, seenAt: token.seenAt }).catch(() => undefined);
}

/** A token narrows every key to its user; a key that is for users reaches nothing without one. */
function roleAndScopeOf(
  { team, access = 'open', agents }: ApiKeyRecord,
  user: ProvedUser | undefined,
): Pick<Caller, 'as' | 'scope'> {
  const scope = { team, ...(agents && { agents }) };
  if (user)
    return { as: { role: 'user', proof: user.proof, token: user.token }, scope: { ...scope, user: user.id } };
  if (access === 'open') return { as: { role: 'team' }, scope };
  return { as: { role: 'anonymous', canBecomeGuest: access === 'guest' }, scope: { team, agents: [] } };
}

/** A speed bump for browsers, which cannot lie about it, and for leaked keys; a program says what it likes. */
export function isOfForeignPage(
  { kind, origins }: Pick<ApiKeyRecord, 'kind' | 'origins'>,
  { origin, isOwnPage }: OriginHeaders,
): boolean {
  if (origin === undefined || isOwnPage) return false;
  return origins ? !origins.includes(origin) : kind === 'secret';
}

/** RFC 6750, section 2.1; the scheme's name is case-insensitive (RFC 9110, section 11.1). */
function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}
