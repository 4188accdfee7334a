import type { mongo } from 'mongoose';
import { expect } from 'vitest';

/**
 * The fields that anybody has written on a server of MongoDB, as `collection.path`, without indexes of lists; and their
 * texts, as `collection.path=text`.
 */
export interface WrittenFields extends AsyncDisposable {
  readonly seen: ReadonlySet<string>;
}

/** Collects the fields that are written from now on, in all databases. */
export function watchFields(client: mongo.MongoClient): WrittenFields {
  const seen = new Set<string>();
  const changes = client.watch();
  changes.on('change', (change) => {
    if (change.operationType === 'insert' || change.operationType === 'replace')
      addFields(seen, change.ns.coll, change.fullDocument);
    if (change.operationType === 'update')
      for (const [path, value] of Object.entries(change.updateDescription.updatedFields ?? {}))
        addField(seen, `${change.ns.coll}.${path.replaceAll(/\.\d+(?=\.|$)/g, '')}`, value);
  });
  return { seen, [Symbol.asyncDispose]: () => changes.close() };
}

/** Waits until each of these fields was written. */
export async function expectWritten({ seen }: WrittenFields, fields: readonly string[] = []): Promise<void> {
  const missing = () => fields.filter((field) => !seen.has(field));
  await expect.poll(missing, { timeout: 10_000, message: 'fields that nobody wrote' }).toEqual([]);
}

function addField(seen: Set<string>, path: string, value: unknown): void {
  seen.add(path);
  if (Array.isArray(value)) for (const item of value) addFields(seen, path, item);
  else addFields(seen, path, value);
}

function addFields(seen: Set<string>, path: string, value: unknown): void {
  if (typeof value === 'string') seen.add(`${path}=${value}`);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return;
  for (const [name, part] of Object.entries(value)) addField(seen, `${path}.${name}`, part);
}
