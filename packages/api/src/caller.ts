import { ApiError, type Id, type KeyScope } from '@parley/contract';
import type { ApiKeyRecord, IssuerLimits, ReadGuard, Scope, Stores } from '@parley/db';
import {
  type AuthenticatedUser,
  authenticateUser,
  type UserTokenStores,
  userStatusErrorCode,
} from './user-token.ts';

/** The authenticated caller: the key, and the user whose token came with it. */
export interface Caller {
  readonly key: Id<'key'>;
  /** The id of the first key of the family. Rolled keys keep it. */
  readonly familyId: Id<'key'>;
  readonly kind: 'publishable' | 'secret';
  /** The role of the caller. */
  readonly as: CallerRole;
  /** The permissions of a secret key; undefined if it has all. */
  readonly scopes?: readonly KeyScope[] | undefined;
  /** The families of the keys that issued this key, oldest first. */
  readonly issuers: readonly Id<'key'>[];
  /** The expiry, origins and budgets of the key and of the keys that issued it. */
  readonly limits: IssuerLimits;
  /** The data that the caller reaches. */
  readonly scope: Scope;
}

type CallerRole =
  /** A secret key or an `open` key: it reaches all chats of its agents. */
  | { readonly role: 'team' }
  /** A user of the team, identified by their token: they reach their own chats. */
  | {
      readonly role: 'user';
      readonly proof: AuthenticatedUser['proof'];
      readonly token: AuthenticatedUser['token'];
      readonly network?: AuthenticatedUser['network'];
    }
  /** A key for users without a user's token: it reaches no chats. */
  | { readonly role: 'anonymous'; readonly canBecomeGuest: boolean };

/**
 * Returns whether the caller is a user whom the team has not verified, such as a guest. Anyone can become another
 * guest.
 */
export function isUnverifiedUser({ as }: Pick<Caller, 'as'>): boolean {
  return as.role === 'user' && as.proof !== 'verified';
}

/** Returns whether the caller is a user whom the team has verified: its servers signed the token. */
export function isVerifiedUser({ as }: { readonly as: CallerProof }): boolean {
  return as.role === 'user' && as.proof === 'verified';
}

/** The part of a caller's role that says whether the team has verified the user. */
export interface CallerProof {
  readonly role: Caller['as']['role'];
  readonly proof?: AuthenticatedUser['proof'];
}

/** The headers that can contain a key or a user's token. */
export interface KeyHeaders {
  readonly apiKey: string | undefined;
  readonly authorization: string | undefined;
  /** The token of the team's user. */
  readonly userToken: string | undefined;
}

/** The origin of the page that sent a request. Browsers send it truthfully; other programs can send anything. */
export interface OriginHeaders {
  readonly origin: string | undefined;
  /** Whether `origin` is this server's own origin. */
  readonly isOwnPage: boolean;
}

/** The stores that authentication reads. */
export type CallerStores = Pick<Stores, 'apiKeys' | 'guests' | 'signingSecrets' | 'userStatuses'> &
  UserTokenStores;

/** The caller of a request, as far as the key and the user token prove it. */
export interface CallerIdentity {
  readonly team: Id<'team'>;
  readonly key: Id<'key'>;
  readonly user?: string;
}

interface AuthenticationOptions {
  /** Is called when the key is found, and again when the user is. The request may still be rejected. */
  readonly onIdentified?: ((identity: CallerIdentity) => void) | undefined;
  /** Limits the database reads for keys and tokens that this process does not know. */
  readonly guard?: ReadGuard | undefined;
  /** Is called when a page of another site sent a secret key. */
  readonly onSecretInPage?: (key: ApiKeyRecord) => void;
}

/**
 * Authenticates a request. A missing, malformed, unknown, revoked or expired key gets the same error.
 *
 * @throws ApiError `unauthorized`; `key_origin_not_allowed` and `secret_key_in_browser` for a valid key from a page
 *   that may not use it; `user_token_invalid`, `user_token_expired`, `user_blocked`, `user_signed_out`;
 *   `database_unavailable` if the key cannot be looked up
 */
export async function authenticate(
  stores: CallerStores,
  headers: KeyHeaders & OriginHeaders,
  { guard, onSecretInPage, onIdentified }: AuthenticationOptions = {},
): Promise<Caller> {
  const text = headers.apiKey ?? bearerToken(headers.authorization);
  const key = text === undefined ? undefined : await stores.apiKeys.find(text, guard);
  if (!key) throw new ApiError('unauthorized');
  onIdentified?.({ team: key.team, key: key.id });
  if (isOfForeignPage(key, headers)) {
    if (key.kind === 'publishable') throw new ApiError('key_origin_not_allowed');
    onSecretInPage?.(key);
    throw new ApiError('secret_key_in_browser');
  }
  const { userToken } = headers;
  const user = userToken === undefined ? undefined : await authenticateUser(stores, key, userToken, guard);
  if (user) {
    onIdentified?.({ team: key.team, key: key.id, user: user.id });
    await assertNotBlocked(stores, key.team, user);
    noteGuest(stores, key.team, user);
  }
  const { id, familyId, issuers, kind, scopes, budgets, origins, expiresAt } = key;
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
  { id, token }: AuthenticatedUser,
): Promise<void> {
  const code = userStatusErrorCode(await userStatuses.find({ team }, id), token.issuedAt);
  if (code) throw new ApiError(code);
}

/**
 * Records the visit of a guest, so that the guest is not deleted by age. A rejected token must not count as a
 * visit.
 */
function noteGuest(
  { guests }: Pick<CallerStores, 'guests'>,
  team: Id<'team'>,
  { token }: AuthenticatedUser,
): void {
  if (token.kind !== 'guest') return;
  // The request does not wait for it. If it fails, only the time of the visit is lost.
  guests.noteSeen({ team }, { id: token.guest, seenAt: token.seenAt }).catch(() => undefined);
}

/** A token limits every key to its user. A key for users reaches nothing without one. */
function roleAndScopeOf(
  { team, access = 'open', agents }: ApiKeyRecord,
  user: AuthenticatedUser | undefined,
): Pick<Caller, 'as' | 'scope'> {
  const scope = { team, ...(agents && { agents }) };
  if (user) {
    const { id, ...proof } = user;
    return { as: { role: 'user', ...proof }, scope: { ...scope, user: id } };
  }
  if (access === 'open') return { as: { role: 'team' }, scope };
  return { as: { role: 'anonymous', canBecomeGuest: access === 'guest' }, scope: { team, agents: [] } };
}

/**
 * Returns whether a page that may not use the key sent it. This stops browsers, which send the true origin, and
 * makes leaked keys less useful; other programs can send any origin.
 */
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
