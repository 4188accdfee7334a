import { setTimeout as delay } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { databaseOf } from '../connection/database-of.ts';
import type { DatabaseLog } from '../migrations/migration.ts';
import {
  type AnyModel,
  type AnyModels,
  createIndexes,
  existingIndexes,
  findIndexChanges,
} from './collection-indexes.ts';
import { findIndexBuilds } from './index-builds.ts';
import { type DeclaredIndex, freeName, type IndexChange } from './plan-indexes.ts';

const PROGRESS_EVERY_MS = 10_000;
const CANNOT_BE_UNIQUE = new Set<unknown>([11_000, 359]);

/** The dependencies of `buildIndexes`. */
export interface IndexWork {
  /** On a connection without the time limits of requests. */
  readonly models: AnyModels;
  readonly db: mongo.Db;
  readonly signal: AbortSignal;
  readonly log: DatabaseLog;
}

/**
 * Gives every collection its declared indexes, unique ones first. An index that cannot be built does not prevent the
 * others. Returns the problems.
 */
export async function buildIndexes(work: IndexWork): Promise<AggregateError | undefined> {
  const changes = await findIndexChanges(work.models);
  if (changes.length === 0) return undefined;
  const done = new AbortController();
  const reporting = reportProgress(work, done.signal);
  const failures: unknown[] = [];
  try {
    for (const group of groupsOf(changes)) {
      work.signal.throwIfAborted();
      try {
        await apply(work, group);
      } catch (error) {
        if (work.signal.aborted) throw error;
        work.log('error', 'an index cannot be built', { ...namesOf(group), error });
        failures.push(error);
      }
    }
  } finally {
    done.abort();
    await reporting;
  }
  if (failures.length === 0) return undefined;
  const sentences = failures.map((error) => (error instanceof Error ? error.message : String(error)));
  return new AggregateError(failures, `Some indexes cannot be built. ${sentences.join(' ')}`);
}

/**
 * Builds unique indexes one by one, then the others. The plain indexes of one collection are built together, because
 * it is read once for all.
 */
function groupsOf(changes: readonly IndexChange[]): IndexChange[][] {
  const single = changes.filter(({ kind, index }) => index.unique || kind !== 'build');
  const plain = changes.filter((change) => !single.includes(change));
  const byCollection = Map.groupBy(plain, ({ index }) => index.collection);
  const uniqueFirst = single.toSorted((one, other) => Number(other.index.unique) - Number(one.index.unique));
  return [...uniqueFirst.map((change) => [change]), ...byCollection.values()];
}

async function apply(work: IndexWork, group: readonly IndexChange[]): Promise<void> {
  const names = namesOf(group);
  const model = Object.values(work.models).find(
    ({ collection }) => collection.collectionName === names.collection,
  );
  if (!model) return;
  work.log('info', 'an index change starts', { ...names, change: group[0]?.kind });
  const [change] = group;
  if (change?.kind === 'alter') await alter(model, change);
  else if (change?.kind === 'replace') await replace(model, change);
  else
    await createIndexes(
      model,
      group.map(({ index }) => index),
    );
  work.log('info', 'an index change has finished', names);
}

function namesOf(group: readonly IndexChange[]) {
  return { collection: group[0]?.index.collection, indexes: group.map(({ index }) => index.name) };
}

/** `collMod` takes one change at a time. */
async function alter(
  model: AnyModel,
  { existing: name, options, index }: Extract<IndexChange, { kind: 'alter' }>,
): Promise<void> {
  const collMod = (change: object) =>
    databaseOf(model.db).command({ collMod: index.collection, index: { name, ...change } });
  const { unique, hidden, expireAfterSeconds } = options;
  if (hidden === false) await collMod({ hidden });
  if (expireAfterSeconds !== undefined) await collMod({ expireAfterSeconds });
  if (!unique) return;
  // From here on no write adds a duplicate. MongoDB then searches for existing ones.
  await collMod({ prepareUnique: true });
  try {
    await collMod({ unique });
  } catch (error) {
    await collMod({ prepareUnique: false });
    throw explained(error, index);
  }
}

async function replace(
  model: AnyModel,
  { existing, index, isDroppedFirst }: Extract<IndexChange, { kind: 'replace' }>,
): Promise<void> {
  if (isDroppedFirst) await model.collection.dropIndex(existing);
  const taken = new Set((await existingIndexes(model)).map(({ name }) => String(name)));
  await createIndexes(model, [{ ...index, name: freeName(index.name, taken) }]);
  if (!isDroppedFirst) await model.collection.dropIndex(existing);
}

function explained(error: unknown, { collection, name }: DeclaredIndex): unknown {
  if (!(error instanceof mongo.MongoServerError) || !CANNOT_BE_UNIQUE.has(error.code)) return error;
  return new Error(
    `The index ${name} of ${collection} cannot be made unique: documents hold the same value. Remove the duplicates.`,
    { cause: error },
  );
}

async function reportProgress({ db, log }: IndexWork, done: AbortSignal): Promise<void> {
  for (;;) {
    await delay(PROGRESS_EVERY_MS, undefined, { signal: done }).catch(() => undefined);
    if (done.aborted) return;
    const builds = await findIndexBuilds(db).catch(() => []);
    for (const build of builds) log('info', 'an index is being built', { ...build });
  }
}
