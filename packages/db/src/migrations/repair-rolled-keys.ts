import { compact, type Id } from '@parley/contract';
import { trusted } from 'mongoose';
import type { ApiKeyDocument } from '../api-key/api-key-model.ts';
import { familyEnd } from '../api-key/key-limits.ts';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import type { MigrationContext } from './migration.ts';
import { pagesOf } from './pages-of.ts';

const PAGE = 200;

/**
 * Repairs the families of keys that release 0.1.0 has rolled. That release gives the successor of an issued key no
 * issuer, so the successor would not have the limits of its issuers, and would outlive them. It does not record the
 * time of the roll either, so a later change of the old key's end would also end the keys that its successor has
 * issued.
 */
export async function repairRolledKeys({ models, signal }: MigrationContext): Promise<void> {
  const pages = pagesOf({ limit: PAGE, signal }, (after?: Id<'key'>) =>
    models.apiKeys
      .find(filterOf({}, { _id: greaterThan(after) }), { lineage: 1 })
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean(),
  );
  for await (const page of pages) {
    const families = new Set(page.flatMap(({ lineage }) => lineage ?? []));
    for (const family of families) await repairFamily(models, family);
  }
}

async function repairFamily({ apiKeys }: Models, family: Id<'key'>): Promise<void> {
  const keys = await apiKeys
    .find({ $or: [{ _id: family }, { lineage: family }] })
    .sort({ _id: -1 })
    .lean();
  const issued = keys.find(({ issuers }) => issuers !== undefined);
  let next: Successor | undefined;
  for (const key of keys) {
    if (issued && !key.issuers) await setIssuer(apiKeys, key, issued);
    // A key without an end still works: its roll was cut off.
    const isReplaced = next !== undefined && !key.replacedAt && key.expiresAt !== undefined;
    if (next && isReplaced) await setReplaced(apiKeys, key, next);
    next = { createdAt: key.createdAt, end: next && isReplaced ? next.end : familyEnd(key) };
  }
}

/** The next key of a family, and the end of the family according to the key. */
interface Successor {
  readonly createdAt: Date;
  readonly end: Date | undefined;
}

async function setIssuer(
  apiKeys: Models['apiKeys'],
  { _id }: ApiKeyDocument,
  { issuedBy, issuers }: ApiKeyDocument,
): Promise<void> {
  const isMissing = { _id, issuers: trusted({ $exists: false }) };
  await apiKeys.updateOne(isMissing, { $set: compact({ issuedBy, issuers }) });
}

async function setReplaced(
  apiKeys: Models['apiKeys'],
  { _id }: ApiKeyDocument,
  { createdAt, end }: Successor,
): Promise<void> {
  const isMissing = { _id, replacedAt: trusted({ $exists: false }) };
  await apiKeys.updateOne(isMissing, { $set: compact({ replacedAt: createdAt, familyExpiresAt: end }) });
}
