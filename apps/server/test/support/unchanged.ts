import { setTimeout as delay } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { expect } from 'vitest';

/** Runs a function and checks that no document of the database has changed. */
export async function unchanged<Result>(raw: mongo.Db, action: () => Promise<Result>): Promise<Result> {
  await untilCounted(raw);
  const before = await hashes(raw);
  const result = await action();
  expect(await hashes(raw)).toEqual(before);
  return result;
}

/** The usage of earlier turns is counted within a second, and this is not a change by the request. */
async function untilCounted(raw: mongo.Db): Promise<void> {
  const uncounted = () => raw.collection('turns').countDocuments({ isUncounted: true });
  while ((await uncounted()) > 0) await delay(20);
}

const KEPT_BY_SERVERS: ReadonlySet<string> = new Set(['leases', 'migrations', 'servers', 'chatChanges']);

/**
 * MongoDB's own hash of each collection's documents, without the fields that change independently of the requests:
 * the last use of keys and chats with its announcement, the settlement of guests' chats, the servers' own documents, and
 * noted escalations.
 */
async function hashes(raw: mongo.Db): Promise<unknown> {
  const without = (name: string, ...fields: readonly string[]) =>
    raw
      .collection(name)
      .find({}, { projection: Object.fromEntries(fields.map((field) => [field, 0])) })
      .sort({ _id: 1 })
      .toArray();
  const acts = raw.collection('auditLog').find({ isRefused: { $ne: true } });
  const [{ collections }, keys, guests, chats, auditLog] = await Promise.all([
    raw.command({ dbHash: 1 }),
    without('keys', 'lastUsedAt'),
    without('guests', 'movingSince'),
    without('chats', 'updatedAt', 'acceptedTurns', 'endedTurns'),
    acts.sort({ _id: 1 }).toArray(),
  ]);
  const stored = Object.entries(collections).filter(([name]) => !KEPT_BY_SERVERS.has(name));
  return { ...Object.fromEntries(stored), keys, guests, chats, auditLog };
}
