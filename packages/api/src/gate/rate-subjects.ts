import { createHash } from 'node:crypto';
import type { Caller } from '../caller.ts';
import type { ClientAddress } from './client-address.ts';
import { countedNetworks } from './client-address.ts';
import type { RateKind, RateLimits, RateSubject } from './rate-limiter.ts';

/** Whom a request of an identified caller counts for: the key's family, the user and, with a publishable key, the address. */
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
  // A secret key speaks for many users, from the few addresses of its team's servers.
  if (kind === 'publishable') subjects.push(...subjectsOfAddress('address', client(), rates));
  return subjects;
}

/** The counts of an address. An unnamed proxy stands for many visitors: it has a key's limit. */
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
  // Files cost no database read: a page of ten files is no ten requests.
  files: ({ address }) => address,
};

/** The larger of two limits, of which 0 is none at all. */
function largerLimit(one: number, other: number): number {
  return other === 0 ? 0 : Math.max(one, other);
}

/** A user's id may be of any length, and says who they are. */
function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
