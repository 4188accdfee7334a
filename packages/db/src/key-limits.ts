import type { Id } from '@parley/contract';
import type { ApiKeyDocument } from './models.ts';
import type { IssuerLimits } from './records.ts';

/** What is read of a key for the keys that it issued. */
export const limitFields = {
  ...{ lineage: 1, origins: 1, tokensPerDay: 1 },
  ...{ expiresAt: 1, replacedAt: 1, familyExpiresAt: 1, issuedRevokedAt: 1 },
} as const;

type LimitingKey = Pick<
  ApiKeyDocument,
  | '_id'
  | 'lineage'
  | 'origins'
  | 'tokensPerDay'
  | 'expiresAt'
  | 'replacedAt'
  | 'familyExpiresAt'
  | 'issuedRevokedAt'
>;

/** The end a key was given: a rolled key itself ends with the overlap, its family does not. */
export function familyEnd({ expiresAt, replacedAt, familyExpiresAt }: LimitingKey): Date | undefined {
  return replacedAt ? familyExpiresAt : expiresAt;
}

/**
 * The limits of a chain of families, `issuers`, given all their keys. The newest key of a family speaks for it.
 * Undefined when a key that was created at `createdAt` has ended with one of them.
 */
export function limitsOf(
  issuers: readonly Id<'key'>[],
  keys: readonly LimitingKey[],
  createdAt?: Date,
): IssuerLimits | undefined {
  let limits: IssuerLimits = { budgets: [] };
  for (const issuer of issuers) {
    const family = keys.filter(({ _id, lineage = _id }) => lineage === issuer);
    const newest = family.reduce<LimitingKey | undefined>(
      (last, key) => (last && last._id > key._id ? last : key),
      undefined,
    );
    const isRevoked = family.some(
      ({ issuedRevokedAt }) => issuedRevokedAt && createdAt && createdAt <= issuedRevokedAt,
    );
    if (!newest || isRevoked) return undefined;
    limits = within(limits, newest, issuer);
  }
  return limits;
}

/** Limits, within those of one further key. */
export function within(limits: IssuerLimits, key: LimitingKey, family: Id<'key'>): IssuerLimits {
  const { tokensPerDay, origins } = key;
  const allOrigins =
    limits.origins && origins ? shared(limits.origins, origins) : (limits.origins ?? origins);
  const end = earlier(limits.familyExpiresAt, familyEnd(key));
  return {
    budgets: [...(tokensPerDay === undefined ? [] : [{ key: family, tokensPerDay }]), ...limits.budgets],
    ...(allOrigins && { origins: allOrigins }),
    ...(end && { familyExpiresAt: end }),
  };
}

function shared(some: readonly string[], others: readonly string[]): string[] {
  return some.filter((one) => others.includes(one));
}

function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  if (!one || !other) return one ?? other;
  return one < other ? one : other;
}
