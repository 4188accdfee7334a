import { compactAs } from '@parley/contract';
import { mongo } from 'mongoose';

/** An index that some process is building. */
export interface IndexBuild {
  readonly collection: string;
  readonly index: string;
  /** The part of the collection that was read. Absent if MongoDB does not say it. */
  readonly percent?: number;
}

interface BuildOperation {
  readonly command: { readonly createIndexes: string; readonly indexes?: readonly { name: string }[] };
  readonly progress?: { readonly done: number; readonly total: number };
}

/** Asks MongoDB which indexes of this database are being built. Empty also when this user may not know. */
export async function findIndexBuilds(database: mongo.Db): Promise<IndexBuild[]> {
  const builds = new Map<string, IndexBuild>();
  for (const { command, progress } of await findOperations(database)) {
    const percent =
      progress && progress.total > 0 ? Math.floor((100 * progress.done) / progress.total) : undefined;
    for (const { name } of command.indexes ?? []) {
      const build = compactAs<IndexBuild>({ collection: command.createIndexes, index: name, percent });
      const id = `${build.collection}.${name}`;
      // The waiting command and the build are two operations. Only the build has progress.
      if (percent !== undefined || !builds.has(id)) builds.set(id, build);
    }
  }
  return [...builds.values()].toSorted((one, other) => (one.index < other.index ? -1 : 1));
}

async function findOperations({ client, databaseName }: mongo.Db): Promise<BuildOperation[]> {
  const ofThisDatabase = {
    ns: { $regex: `^${databaseName.replaceAll(/[^\w-]/g, '\\$&')}\\.` },
    'command.createIndexes': { $exists: true },
  };
  for (const allUsers of [true, false]) {
    const pipeline = [{ $currentOp: { allUsers } }, { $match: ofThisDatabase }];
    try {
      const readConcern = new mongo.ReadConcern('local');
      return await client.db('admin').aggregate<BuildOperation>(pipeline, { readConcern }).toArray();
    } catch (error) {
      if (!(error instanceof mongo.MongoServerError)) throw error;
    }
  }
  return [];
}
