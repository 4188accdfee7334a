import type { mongo } from 'mongoose';
import { expect } from 'vitest';

/** Does something, and sees to it that not one document of the database is another one after it. */
export async function unchanged<Result>(raw: mongo.Db, action: () => Promise<Result>): Promise<Result> {
  const before = await hashes(raw);
  const result = await action();
  expect(await hashes(raw)).toEqual(before);
  return result;
}

/** MongoDB's own hash of each collection's documents. That a key was used is noted beside every request. */
async function hashes(raw: mongo.Db): Promise<unknown> {
  const [{ collections }, keys] = await Promise.all([
    raw.command({ dbHash: 1 }),
    raw
      .collection('keys')
      .find({}, { projection: { lastUsedAt: 0 } })
      .sort({ _id: 1 })
      .toArray(),
  ]);
  return { ...collections, keys };
}
