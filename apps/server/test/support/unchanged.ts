import { setTimeout as delay } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { expect } from 'vitest';

/** Does something, and sees to it that not one document of the database is another one after it. */
export async function unchanged<Result>(raw: mongo.Db, action: () => Promise<Result>): Promise<Result> {
  await untilCounted(raw);
  const before = await hashes(raw);
  const result = await action();
  expect(await hashes(raw)).toEqual(before);
  return result;
}

/** The usage of earlier turns is counted within a second, and is not a change by this request. */
async function untilCounted(raw: mongo.Db): Promise<void> {
  const uncounted = () => raw.collection('turns').countDocuments({ isUncounted: true });
  while ((await uncounted()) > 0) await delay(20);
}

const KEPT_BY_SERVERS: ReadonlySet<string> = new Set(['leases', 'migrations', 'servers']);

/**
 * MongoDB's own hash of each collection's documents. Left out is what changes beside the requests: when a key was used,
 * when a guest's chats were settled, what servers keep for each other, and which escalations the audit log says were
 * rejected.
 */
async function hashes(raw: mongo.Db): Promise<unknown> {
  const without = (name: string, field: string) =>
    raw
      .collection(name)
      .find({}, { projection: { [field]: 0 } })
      .sort({ _id: 1 })
      .toArray();
  const acts = raw.collection('auditLog').find({ isRefused: { $ne: true } });
  const [{ collections }, keys, guests, auditLog] = await Promise.all([
    raw.command({ dbHash: 1 }),
    without('keys', 'lastUsedAt'),
    without('guests', 'movingSince'),
    acts.sort({ _id: 1 }).toArray(),
  ]);
  const stored = Object.entries(collections).filter(([name]) => !KEPT_BY_SERVERS.has(name));
  return { ...Object.fromEntries(stored), keys, guests, auditLog };
}
