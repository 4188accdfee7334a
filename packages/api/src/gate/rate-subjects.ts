import { createHash } from 'node:crypto';
import type { Caller } from '../caller.ts';
import type { ClientAddress } from './client-address.ts';
import { countedNetworks } from './client-address.ts';
import type { RateKind, RateLimits, RateSubject } from './rate-limiter.ts';

/**
 * Returns the subjects that an authenticated request counts for: the key family, the user and, with a publishable
 * key, the address.
 */
export function subjectsOfCaller(
  { familyId, kind, scope: { team, user } }: Pick<Caller, 'familyId' | 'kind' | 'scope'>,
  client: () => ClientAddress | undefined,
  rates: RateLimits,
): RateSubject[] {
  const subjects: RateSubject[] = [
    { of: 'key', name: `key:${familyId}`, limit: rates[kind], isShared: true },
  ];
  if (user !== undefined) {
    subjects.push({
      of: 'user',
      name: `user:${team}:${shortHash(user)}`,
      limit: rates.user,
      isShared: false,
    });
  }
  // A secret key sends the requests of many users, from the few addresses of the team's servers.
  if (kind === 'publishable') subjects.push(...subjectsOfAddress('address', client(), rates));
  return subjects;
}

/** Returns the subjects of an address. An unnamed proxy has the limit of a key, because many visitors share it. */
export function subjectsOfAddress(
  of: Exclude<RateKind, 'key' | 'user'>,
  client: ClientAddress | undefined,
  rates: RateLimits,
): RateSubject[] {
  if (!client) return [];
  const own = limitOf[of](rates);
  const limit = client.isUnnamedProxy && own > 0 ? largerLimit(own, rates.publishable) : own;
  return countedNetworks(client.text).map(({ text, factor }) => ({
    of,
    name: `${of}:${text}`,
    limit: limit * factor,
    isShared: false,
  }));
}

const limitOf: Record<Exclude<RateKind, 'key' | 'user'>, (rates: RateLimits) => number> = {
  address: ({ address }) => address,
  unidentified: ({ unidentified }) => unidentified,
  'new-visitors': ({ newVisitors }) => newVisitors,
  files: ({ files }) => files,
};

/** Returns the larger of two limits. 0 is no limit. */
function largerLimit(one: number, other: number): number {
  return other === 0 ? 0 : Math.max(one, other);
}

/** Hashes the id of a user, which can have any length and may identify a person. */
function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
