import { compact, compactAs } from '@parley/contract';
import { type Model, mongo } from 'mongoose';
import { databaseOf } from '../connection/database-of.ts';
import { type DeclaredIndex, type ExistingIndex, type IndexChange, planIndexes } from './plan-indexes.ts';

/** A model of any collection: only its indexes are of interest. */
export type AnyModel = Model<
  // biome-ignore lint/suspicious/noExplicitAny: Mongoose's models are invariant in their documents.
  any
>;
/** Models by any name. */
export type AnyModels = Readonly<Record<string, AnyModel>>;

const NAMESPACE_NOT_FOUND = 26;
/** MongoDB allows 64 in a collection. */
const INDEXES_MAX = 100;

/** The indexes that a model declares, as MongoDB would name them. */
function declaredIndexes(model: AnyModel): DeclaredIndex[] {
  return model.schema.indexes().map(([fields, options]) => {
    const { unique = false, sparse = false, expireAfterSeconds, partialFilterExpression } = options;
    return compactAs<DeclaredIndex>({
      collection: model.collection.collectionName,
      name: Object.entries(fields).flat().join('_'),
      ...{ key: fields, unique: unique === true, sparse, partialFilterExpression },
      expireAfterSeconds: typeof expireAfterSeconds === 'number' ? expireAfterSeconds : undefined,
    });
  });
}

/** Compares the indexes of all collections with the declared ones. */
export async function findIndexChanges(models: AnyModels): Promise<IndexChange[]> {
  const changes = await Promise.all(Object.values(models).map(changesOf));
  return changes.flat();
}

async function changesOf(model: AnyModel): Promise<IndexChange[]> {
  return planIndexes(declaredIndexes(model), await existingIndexes(model));
}

/** Lists the indexes of a collection, also those that are being built. Empty if the collection does not exist. */
export async function existingIndexes(model: AnyModel): Promise<ExistingIndex[]> {
  const { collectionName } = model.collection;
  const listing = {
    listIndexes: collectionName,
    cursor: { batchSize: INDEXES_MAX },
    includeBuildUUIDs: true,
  };
  try {
    const { cursor } = await databaseOf(model.db).command(listing);
    return (cursor.firstBatch as ListedIndex[]).map((listed) =>
      'buildUUID' in listed ? { ...listed.spec, isBuilding: true } : listed,
    );
  } catch (error) {
    if (error instanceof mongo.MongoServerError && error.code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

/** MongoDB names the build of an index that is not built yet. */
type ListedIndex =
  | mongo.IndexDescriptionInfo
  | { readonly spec: mongo.IndexDescriptionInfo; readonly buildUUID: unknown };

/**
 * Creates missing collections with their indexes, and the indexes of empty collections: the first write needs them, and
 * they take no time. Returns the changes that take time, which `buildIndexes` makes.
 */
export async function ensureCollections(models: AnyModels): Promise<IndexChange[]> {
  const left = await Promise.all(Object.values(models).map(ensureCollection));
  return left.flat();
}

async function ensureCollection(model: AnyModel): Promise<IndexChange[]> {
  await model.createCollection();
  const changes = await changesOf(model);
  const builds = changes.flatMap((change) => (change.kind === 'build' ? change.index : []));
  if (builds.length === 0 || (await model.findOne({}, { _id: 1 }).lean())) return changes;
  await createIndexes(model, builds);
  return changes.filter(({ kind }) => kind !== 'build');
}

/** Builds indexes with one command, which reads the collection once. */
export async function createIndexes(model: AnyModel, indexes: readonly DeclaredIndex[]): Promise<void> {
  await model.collection.createIndexes(
    indexes.map(({ collection: _, unique, sparse, key, ...index }) =>
      compact({
        ...index,
        // Mongoose's types of keys name every kind of index.
        key: key as Record<string, 1 | -1>,
        unique: unique || undefined,
        sparse: sparse || undefined,
      }),
    ),
  );
}

/** Whether no existing index can replace the declared one. */
export function isMissing(change: IndexChange): boolean {
  if (change.kind === 'alter') return change.options.unique === true;
  return change.kind !== 'drop';
}

/** Unique indexes without which two writes could both succeed where one must fail. */
export function missingUniqueIndexes(changes: readonly IndexChange[]): DeclaredIndex[] {
  return changes.flatMap((change) => {
    return change.index.unique && isMissing(change) ? [change.index] : [];
  });
}
