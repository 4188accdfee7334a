import { compactAs, type Id } from '@parley/contract';
import type { PipelineStage } from 'mongoose';
import { filterOf } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import type { ApiKeyDocument } from './api-key-model.ts';
import type { IssuerLimits } from './api-key-records.ts';

/** The fields that limit a key. */
export const limitFields = {
  ...{ origins: 1, tokensPerDay: 1 },
  ...{ expiresAt: 1, replacedAt: 1, familyExpiresAt: 1 },
} as const;

type LimitingKey = Pick<
  ApiKeyDocument,
  'origins' | 'tokensPerDay' | 'expiresAt' | 'replacedAt' | 'familyExpiresAt'
>;

/** The limits of a key's family, which its newest key has. */
export interface FamilyLimits {
  readonly _id: Id<'key'>;
  readonly newest: LimitingKey;
  /** Keys that the family issued until then are revoked. */
  readonly issuedRevokedAt?: Date | null;
}

/** The end of a key's family. A rolled key itself ends earlier, with the overlap. */
export function familyEnd({ expiresAt, replacedAt, familyExpiresAt }: LimitingKey): Date | undefined {
  return replacedAt ? familyExpiresAt : expiresAt;
}

/** Reads families from the database: one result for each, also after several rolls. */
export async function findFamilies(
  { apiKeys }: Pick<Models, 'apiKeys'>,
  families: readonly Id<'key'>[],
  team?: Id<'team'>,
): Promise<ReadonlyMap<Id<'key'>, FamilyLimits>> {
  if (families.length === 0) return new Map();
  const ids = { $in: [...families] };
  const stages: PipelineStage[] = [
    { $match: filterOf({ $or: [{ _id: ids }, { lineage: ids }] }, { team }) },
    { $project: { ...limitFields, lineage: 1, issuedRevokedAt: 1 } },
    {
      $group: {
        _id: { $ifNull: ['$lineage', '$_id'] },
        newest: { $top: { sortBy: { _id: -1 }, output: '$$ROOT' } },
        issuedRevokedAt: { $max: '$issuedRevokedAt' },
      },
    },
  ];
  const found = await apiKeys.aggregate<FamilyLimits>(stages);
  return new Map(found.map((family) => [family._id, family]));
}

/**
 * The limits of a chain of families, `issuers`. Undefined when a key that was created at `createdAt` has ended with one
 * of them.
 */
export function limitsOf(
  issuers: readonly Id<'key'>[],
  families: ReadonlyMap<Id<'key'>, FamilyLimits>,
  createdAt?: Date,
): IssuerLimits | undefined {
  let limits: IssuerLimits = { budgets: [] };
  for (const issuer of issuers) {
    const family = families.get(issuer);
    if (!family) return undefined;
    const { newest, issuedRevokedAt } = family;
    if (issuedRevokedAt && createdAt && createdAt <= issuedRevokedAt) return undefined;
    limits = within(limits, newest, issuer);
  }
  return limits;
}

/** The limits of a key itself, within those of its issuers: a key that was rolled ends with its overlap. */
export function limitsOfKey(
  { _id, lineage = _id, ...key }: LimitingKey & Pick<ApiKeyDocument, '_id' | 'lineage'>,
  ofIssuers: IssuerLimits,
): IssuerLimits {
  const limits = within(ofIssuers, key, lineage);
  const { budgets, origins } = limits;
  return compactAs<IssuerLimits>({ budgets, origins, expiresAt: earlier(limits.expiresAt, key.expiresAt) });
}

/** Limits, within those of one further family. */
function within(limits: IssuerLimits, key: LimitingKey, family: Id<'key'>): IssuerLimits {
  const { tokensPerDay, origins } = key;
  const own = tokensPerDay === undefined ? [] : [{ key: family, tokensPerDay }];
  return compactAs<IssuerLimits>({
    budgets: [...own, ...limits.budgets],
    origins: limits.origins && origins ? shared(limits.origins, origins) : (limits.origins ?? origins),
    expiresAt: earlier(limits.expiresAt, familyEnd(key)),
  });
}

function shared(some: readonly string[], others: readonly string[]): string[] {
  return some.filter((one) => others.includes(one));
}

function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  if (!one || !other) return one ?? other;
  return one < other ? one : other;
}
