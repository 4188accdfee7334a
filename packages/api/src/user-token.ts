import { ApiError, type Id, isId, limits, userIdSchema } from '@parley/contract';
import type {
  ApiKeyRecord,
  ReadGuard,
  SigningSecretRecord,
  Stores,
  TokenIssuer,
  UserStatus,
} from '@parley/db';
import {
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
  type ProtectedHeaderParameters,
  SignJWT,
} from 'jose';
import type { KeySets } from './token-issuer/key-sets.ts';
import { type SignedBy, signedBy, verifyIssued } from './token-issuer/verify-issued.ts';

/** A user of the team, and the proof of their identity. */
export interface AuthenticatedUser {
  readonly id: string;
  /**
   * `verified`: the team's servers signed the token for a user they know. `anonymous`: they signed it for an
   * unknown visitor (claim `anonymous: true`), as the chat page does. `guest`: Parley issued the token.
   */
  readonly proof: 'guest' | 'anonymous' | 'verified';
  readonly token: UserToken;
  /** The network that created a guest or a visitor of the chat page, encrypted. */
  readonly network?: string | undefined;
}

/** The basis of a token and the time of its issue, which decide whether it is still valid. */
export type UserToken =
  | {
      readonly kind: 'issued';
      readonly issuer: TokenIssuer;
      readonly expiresAt: Date;
      readonly issuedAt: Date;
    }
  | {
      readonly kind: 'guest';
      readonly guest: Id<'guest'>;
      readonly issuedAt: Date;
      /** The last visit of the guest, to about a day. */
      readonly seenAt: Date;
    }
  | {
      readonly kind: 'signed';
      readonly secret: Id<'secret'>;
      readonly expiresAt: Date;
      /** Undefined for a token without `iat`. */
      readonly issuedAt: Date | undefined;
    };

/**
 * Returns the error of a user who is blocked or signed out, although the token is valid; undefined if there is
 * none. A token without `iat` counts as issued before the sign-out.
 */
export function userStatusErrorCode(
  { blockedAt, signedOutAt }: UserStatus,
  issuedAt: Date | undefined,
): 'user_blocked' | 'user_signed_out' | undefined {
  if (blockedAt) return 'user_blocked';
  if (!signedOutAt) return undefined;
  return issuedAt && issuedAt > signedOutAt ? undefined : 'user_signed_out';
}

/** The stores that validate user tokens. */
export interface UserTokenStores extends Pick<Stores, 'guests' | 'signingSecrets' | 'teams'> {
  /** The keys of token issuers. Without it, their tokens are rejected. */
  readonly keySets?: KeySets | undefined;
}

/** The claim that names the network that created the visitor, encrypted. */
const NETWORK_CLAIM = 'parley_network';

/** The only accepted algorithm. The token's header cannot choose another one (RFC 8725, section 3.1). */
const ALGORITHM = 'HS256';

/**
 * Validates a user token: a guest's token, which belongs to the key, or a JWT that the team's servers signed (`sub`
 * is the user, `aud` the team's id, `exp` at most an hour ahead; `anonymous: true` for unknown visitors).
 *
 * @throws ApiError `user_token_invalid`, `user_token_expired`, `database_unavailable`
 */
export async function authenticateUser(
  stores: UserTokenStores,
  { team, familyId, access }: Pick<ApiKeyRecord, 'team' | 'familyId' | 'access'>,
  token: string,
  guard?: ReadGuard,
): Promise<AuthenticatedUser> {
  if (token.length > limits.userTokenLengthMax) throw new ApiError('user_token_invalid');
  // Guest tokens contain no dots.
  if (token.includes('.')) return authenticateVerified(stores, team, token, guard);
  const guest = access === 'verified' ? undefined : await stores.guests.find({ team }, token, guard);
  if (!guest || guest.movedTo !== undefined || guest.familyId !== familyId) {
    throw new ApiError('user_token_invalid');
  }
  const { id, createdAt: issuedAt, seenAt, network } = guest;
  return { id, proof: 'guest', token: { kind: 'guest', guest: id, issuedAt, seenAt }, network };
}

/**
 * Signs a token for a user with the newest signing secret of the team. Creates a secret if the team has none.
 *
 * @throws ApiError `database_unavailable`
 */
export async function signUserToken(
  { signingSecrets }: Pick<Stores, 'signingSecrets'>,
  team: Id<'team'>,
  user: string,
  {
    seconds,
    isAnonymous,
    network,
    issuedAt = new Date(),
  }: {
    readonly seconds: number;
    readonly isAnonymous: boolean;
    /** The network that created the visitor, encrypted. */
    readonly network?: string | undefined;
    /** Default: now. Give the time before the user was found not to be signed out: a later sign-out ends the token. */
    readonly issuedAt?: Date;
  },
): Promise<{ readonly token: string; readonly expiresAt: Date }> {
  const { id, secret } = await signingSecrets.ensure({ team });
  const now = Math.floor(issuedAt.getTime() / 1_000);
  const expiresAt = new Date((now + seconds) * 1_000);
  const claims = {
    ...(isAnonymous && { anonymous: true }),
    ...(network !== undefined && { [NETWORK_CLAIM]: network }),
  };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, kid: id })
    .setSubject(user)
    .setAudience(team)
    .setIssuedAt(now)
    .setExpirationTime(expiresAt)
    .sign(new TextEncoder().encode(secret));
  return { token, expiresAt };
}

async function authenticateVerified(
  stores: UserTokenStores,
  team: Id<'team'>,
  token: string,
  guard: ReadGuard | undefined,
): Promise<AuthenticatedUser> {
  const header = headerOf(token);
  const by = signedBy(header);
  if (by) return authenticateIssued(stores, team, token, by);
  const named = namedSecret(header);
  const working = await stores.signingSecrets.findWorking({ team }, named, guard);
  const now = Date.now();
  for (const secret of working) {
    if (named !== undefined && secret.id !== named) continue;
    if (secret.expiresAt && secret.expiresAt.getTime() <= now) continue;
    const claims = await verify(token, secret, team);
    if (!claims) continue;
    const { exp = 0, iat } = claims;
    const basis = {
      kind: 'signed',
      secret: secret.id,
      expiresAt: new Date(exp * 1_000),
      issuedAt: iat === undefined ? undefined : new Date(iat * 1_000),
    } as const;
    const proof = claims['anonymous'] === true ? 'anonymous' : 'verified';
    const network = claims[NETWORK_CLAIM];
    return {
      id: userOf(claims, now / 1_000),
      proof,
      token: basis,
      ...(typeof network === 'string' && { network }),
    };
  }
  throw new ApiError('user_token_invalid');
}

/** Validates a token that the team's issuer signed. */
async function authenticateIssued(
  { teams, keySets }: UserTokenStores,
  team: Id<'team'>,
  token: string,
  by: SignedBy,
): Promise<AuthenticatedUser> {
  const { tokenIssuer } = await teams.findSettings({ team });
  if (!tokenIssuer || !keySets) throw new ApiError('user_token_invalid');
  const claims = await verifyIssued(keySets, tokenIssuer, token, by);
  const id = userOf(claims, Date.now() / 1_000, limits.issuedTokenSecondsMax);
  const { exp = 0, iat = 0 } = claims;
  const issuedAt = new Date(iat * 1_000);
  const basis = { kind: 'issued', issuer: tokenIssuer, expiresAt: new Date(exp * 1_000), issuedAt } as const;
  return { id, proof: 'verified', token: basis };
}

function headerOf(token: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw new ApiError('user_token_invalid');
  }
}

/**
 * Returns the id of the signing secret in the token's `kid`. A token without `kid` is checked against all active
 * secrets.
 */
function namedSecret({ kid }: ProtectedHeaderParameters): Id<'secret'> | undefined {
  if (kid === undefined) return undefined;
  if (typeof kid !== 'string' || !isId('secret', kid)) throw new ApiError('user_token_invalid');
  return kid;
}

/** Returns the claims of a token if this secret signed it; otherwise undefined. */
async function verify(
  token: string,
  { secret }: SigningSecretRecord,
  team: Id<'team'>,
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: [ALGORITHM],
      audience: team,
      requiredClaims: ['sub', 'exp'],
      clockTolerance: limits.userTokenClockSeconds,
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
    // Only tokens with a valid signature get the error `user_token_expired`.
    if (error instanceof errors.JWTExpired) throw new ApiError('user_token_expired');
    if (error instanceof errors.JOSEError) throw new ApiError('user_token_invalid');
    throw error;
  }
}

function userOf(
  { sub, exp = 0, iat = 0 }: JWTPayload,
  nowSeconds: number,
  secondsMax: number = limits.userTokenSecondsMax,
): string {
  const lastsTooLong = exp > nowSeconds + secondsMax + limits.userTokenClockSeconds;
  // A token with an `iat` in the future would stay valid after every sign-out until then.
  const isOfFuture = iat > nowSeconds + limits.userTokenClockSeconds;
  const user = userIdSchema.safeParse(sub);
  // Only a guest's own token can identify that guest.
  if (lastsTooLong || isOfFuture || !user.success || isId('guest', user.data))
    throw new ApiError('user_token_invalid');
  return user.data;
}
