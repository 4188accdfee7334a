import { createHash } from 'node:crypto';
import type { Caller } from './caller.ts';
import type { RateLimits, RateSubject } from './rate-limiter.ts';

/** Whom a request counts for: its key, the user of its token and, with a publishable key, its address. */
export function subjectsOf(
  { key, kind, scope: { team, user } }: Pick<Caller, 'key' | 'kind' | 'scope'>,
  address: () => string | undefined,
  limits: RateLimits,
): RateSubject[] {
  return [
    { name: `key:${key}`, limit: limits[kind], isShared: true },
    ...(user === undefined
      ? []
      : [{ name: `user:${team}:${shortHash(user)}`, limit: limits.user, isShared: false }]),
    // A secret key speaks for many, from the few addresses of its team's servers.
    ...(kind === 'publishable' ? ofAddress(address(), limits) : []),
  ];
}

/** Whom a request with a key that is none counts for. */
export function ofAddress(address: string | undefined, { address: limit }: RateLimits): RateSubject[] {
  return address === undefined ? [] : [{ name: `address:${address}`, limit, isShared: false }];
}

/** A user's id may be of any length, and says who they are. */
function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
