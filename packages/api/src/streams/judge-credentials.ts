import { type ErrorCode, type Id, limits } from '@parley/contract';
import type { CredentialView, TokenIssuer } from '@parley/db';
import { type Caller, isOfForeignPage, type OriginHeaders } from '../caller.ts';
import { type UserToken, userStatusErrorCode } from '../user-token.ts';

/** The credentials that a stream was opened with, which must stay valid while it is open. */
export interface StreamCredentials {
  readonly key: Id<'key'>;
  /** The families of the keys that issued this key. Their limits apply to the stream as well. */
  readonly issuers: readonly Id<'key'>[];
  readonly team: Id<'team'>;
  readonly origin: OriginHeaders;
  readonly user?: { readonly id: string; readonly token: UserToken };
}

/** The state of a stream's credentials. */
export interface Verdict {
  /** The code with which the stream ends, because the credentials were revoked. */
  readonly withdrawn?: ErrorCode;
  /** The expiry of the credentials, and the code with which the stream ends then. */
  readonly expiry?: Expiry;
  /** The end of the signing secret. After it, the secret is missing without having been revoked. */
  readonly secretEndsAt?: number | undefined;
}

interface Expiry {
  readonly at: number;
  readonly code: ErrorCode;
}

/** Returns the credentials of a caller. */
export function credentialsOf({ key, issuers, scope, as }: Caller, origin: OriginHeaders): StreamCredentials {
  const { team, user } = scope;
  const token = as.role === 'user' ? as.token : undefined;
  return { key, issuers, team, origin, ...(token && user !== undefined && { user: { id: user, token } }) };
}

/** Returns the ids that `judgeCredentials` needs a view of. */
export function idsOf(all: readonly StreamCredentials[]) {
  const keys = new Set<Id<'key'>>();
  const families = new Set<Id<'key'>>();
  const secrets = new Set<Id<'secret'>>();
  const guests = new Set<Id<'guest'>>();
  const issuersOf = new Set<Id<'team'>>();
  const users = new Map<string, { team: Id<'team'>; user: string }>();
  for (const { key, issuers, team, user } of all) {
    keys.add(key);
    for (const family of issuers) families.add(family);
    if (!user) continue;
    users.set(`${team} ${user.id}`, { team, user: user.id });
    if (user.token.kind === 'guest') guests.add(user.token.guest);
    else if (user.token.kind === 'issued') issuersOf.add(team);
    else secrets.add(user.token.secret);
  }
  return {
    keys: [...keys],
    families: [...families],
    secrets: [...secrets],
    guests: [...guests],
    issuersOf: [...issuersOf],
    users: [...users.values()],
  };
}

/**
 * Repeats the checks of `authenticate` for an open stream, with the current credentials. `known` is the previous
 * verdict: a signing secret that is missing after its known end was not revoked.
 */
export function judgeCredentials(
  credentials: StreamCredentials,
  view: CredentialView,
  known: Verdict = {},
): Verdict {
  const { team, user, origin } = credentials;
  const key = view.keys.get(credentials.key);
  if (!key) return { withdrawn: 'unauthorized' };
  if (isOfForeignPage(key, origin)) {
    return { withdrawn: key.kind === 'secret' ? 'secret_key_in_browser' : 'key_origin_not_allowed' };
  }
  const ends: (Expiry | undefined)[] = [expiryOf(key.expiresAt, 'unauthorized')];
  if (!user) {
    if (key.access !== undefined && key.access !== 'open') return { withdrawn: 'user_token_needed' };
    return withExpiry(ends);
  }
  const { token } = user;
  const { issuedAt } = token;
  const statusError = userStatusErrorCode(view.statusOf(team, user.id), issuedAt);
  if (statusError) return { withdrawn: statusError };
  if (token.kind === 'guest') {
    const isOver = !view.guests.has(token.guest) || key.access === 'verified';
    return isOver ? { withdrawn: 'user_token_invalid' } : withExpiry(ends);
  }
  ends.push({ at: token.expiresAt.getTime() + CLOCK_MS, code: 'user_token_expired' });
  if (token.kind === 'issued') {
    const isOver = !isSameIssuer(view.issuers.get(team), token.issuer);
    return isOver ? { withdrawn: 'user_token_invalid' } : withExpiry(ends);
  }
  const secret = view.secrets.get(token.secret);
  const secretEndsAt = secret ? secret.expiresAt?.getTime() : known.secretEndsAt;
  const hasEnded = secretEndsAt !== undefined && secretEndsAt <= Date.now();
  if (!secret && !hasEnded) return { withdrawn: 'user_token_invalid' };
  if (secretEndsAt !== undefined) ends.push({ at: secretEndsAt, code: 'user_token_invalid' });
  return { ...withExpiry(ends), secretEndsAt };
}

/** Setting the same issuer again revokes no token. */
function isSameIssuer(now: TokenIssuer | undefined, then: TokenIssuer): boolean {
  return now?.url === then.url && now.issuer === then.issuer && now.audience === then.audience;
}

/** Tokens are accepted for this time after their expiry, for requests and streams alike. */
const CLOCK_MS = limits.userTokenClockSeconds * 1_000;

function expiryOf(at: Date | undefined, code: ErrorCode): Expiry | undefined {
  return at && { at: at.getTime(), code };
}

function withExpiry(ends: readonly (Expiry | undefined)[]): Verdict {
  const known = ends.filter((end) => end !== undefined);
  const [first, ...others] = known;
  if (!first) return {};
  return { expiry: others.reduce((earliest, end) => (end.at < earliest.at ? end : earliest), first) };
}
