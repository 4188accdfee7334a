import type { mongo } from 'mongoose';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Stores } from '../src/index.ts';
import { exercise } from './exercise.ts';
import { startDatabase } from './start-database.ts';
import { connectWatched, type SentCommand } from './watch-commands.ts';

/*
 * The commands that the stores send to MongoDB: every function of every store is called once on a watched connection, and
 * the tests then check the commands.
 */

const db = await startDatabase('queries');
let sent: SentCommand[];
const called = new Set<string>();

beforeAll(async () => {
  const watched = await connectWatched(db.uri);
  watched.commands();
  await exercise(noting(watched.stores));
  sent = watched.commands();
  await watched.database.close();
});

/** The stores, noting which of their functions are called. */
function noting(stores: Stores): Stores {
  const wrap = (name: string, store: object) =>
    new Proxy(store, {
      get(target, property, receiver) {
        called.add(`${name}.${String(property)}`);
        return Reflect.get(target, property, receiver);
      },
    });
  const entries = Object.entries(stores).map(([name, store]) => [name, wrap(name, store)]);
  return Object.fromEntries(entries) as Stores;
}

test('every function of every store was called', () => {
  const all = Object.entries(db.stores).flatMap(([name, store]) =>
    Object.keys(store).map((property) => `${name}.${property}`),
  );
  expect([...called].sort()).toEqual(all.sort());
});

describe('indexes', () => {
  interface Explained {
    readonly collection: string;
    readonly query: string;
    /** Documents that were read but not returned. */
    readonly wasted: number;
    readonly stages: string[];
    readonly indexes: string[];
  }
  let explained: Explained[];

  beforeAll(async () => {
    const looking = sent.filter(({ name }) => name in EXPLAINED);
    explained = await Promise.all(looking.map(explain));
  });

  /** The parts of a command that matter to the planner. */
  const EXPLAINED: Record<string, readonly string[]> = {
    find: ['find', 'filter', 'sort', 'limit', 'projection', 'hint'],
    update: ['update', 'updates'],
    delete: ['delete', 'deletes'],
    findAndModify: ['findAndModify', 'query', 'update', 'remove', 'sort', 'new'],
    aggregate: ['aggregate', 'pipeline', 'cursor'],
    count: ['count', 'query'],
    distinct: ['distinct', 'key', 'query'],
  };

  async function explain({ name, collection, command }: SentCommand): Promise<Explained> {
    const fields = EXPLAINED[name] ?? [];
    const query = Object.fromEntries(
      fields
        .filter((key) => key in command)
        // The first command of a batch: all are alike, and the server explains only one.
        .map((key) => [key, key === 'updates' || key === 'deletes' ? [command[key][0]] : command[key]]),
    );
    const plan = await db.raw.command({ explain: query, verbosity: 'executionStats' });
    // The filter of a pipeline is in its first stage, unless the server runs the whole pipeline as a query.
    const { executionStats } = plan['stages']?.[0]?.$cursor ?? plan;
    const { totalDocsExamined, nReturned } = executionStats;
    return {
      collection,
      query: JSON.stringify(query),
      wasted: name === 'find' ? totalDocsExamined - nReturned : 0,
      stages: valuesOf(plan, 'stage', 'winningPlan'),
      indexes: valuesOf(plan, 'indexName', 'winningPlan'),
    };
  }

  test('no query reads a whole collection or sorts in memory', () => {
    expect(explained.length).toBeGreaterThan(30);
    // Before its first upload the driver's GridFS looks whether its collection is empty.
    const ours = explained.filter(({ collection }) => collection !== 'fileContents.files');
    const bad = ours.filter(({ stages }) =>
      stages.some((stage) => ['COLLSCAN', 'SORT', 'EOF'].includes(stage)),
    );
    expect(bad).toEqual([]);
    expect(explained.filter(({ stages }) => stages.length === 0)).toEqual([]);
  });

  test('no query reads more than a few documents it does not answer', () => {
    expect(explained.filter(({ wasted }) => wasted > 3)).toEqual([]);
  });

  test('no index exists that no query uses', async () => {
    const used = new Set(
      explained.flatMap(({ collection, indexes }) => indexes.map((name) => `${collection}.${name}`)),
    );
    const idle = [];
    for (const { collectionName } of await db.raw.collections()) {
      for (const index of await db.raw.collection(collectionName).indexes()) {
        // The server needs `_id` and follows the expiry itself.
        const isServers = index.name === '_id_' || index.expireAfterSeconds !== undefined;
        // The driver's GridFS requires this index, and creates it if it is missing.
        if (collectionName === 'fileContents.files') continue;
        if (!isServers && !used.has(`${collectionName}.${index.name}`))
          idle.push(`${collectionName}.${index.name}`);
      }
    }
    expect(idle).toEqual([]);
  });
});

/** All values of `key` below every `below` in a document. */
function valuesOf(node: unknown, key: string, below?: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, child]) => {
    if (below !== undefined) return name === below ? valuesOf(child, key) : valuesOf(child, key, below);
    return [...(name === key ? [String(child)] : []), ...valuesOf(child, key)];
  });
}

describe('concerns, with any connection string', () => {
  const WRITES = ['insert', 'update', 'delete', 'findAndModify', 'create', 'createIndexes'];
  const READS = ['find', 'aggregate', 'count', 'distinct'];

  test.each([
    ['nothing', ''],
    [
      'the weakest',
      'w=1&journal=false&wtimeoutMS=1&readConcernLevel=local&readPreference=secondary&retryWrites=false&socketTimeoutMS=0',
    ],
    [
      'in other spellings',
      'W=0&J=false&wTimeout=1&readPreference=nearest&readPreferenceTags=dc:ny&maxStalenessSeconds=90&readConcernLevel=available',
    ],
  ])('%s', async (_name, options) => {
    // Without a direct connection, where the driver itself would allow a secondary to answer.
    const own = await startDatabase('concerns');
    const url = new URL(own.uri);
    url.searchParams.delete('directConnection');
    for (const [name, value] of new URLSearchParams(options)) url.searchParams.set(name, value);
    const watched = await connectWatched(url.href);
    onTestFinished(() => watched.database.close());
    await exercise(watched.stores);
    const all = watched.commands();
    const inTransaction = all.filter(({ command }) => command['autocommit'] === false);
    const commands = all.filter((one) => !inTransaction.includes(one));
    const writes = commands.filter(({ name }) => WRITES.includes(name));
    const reads = commands.filter(({ name }) => READS.includes(name));
    expect(writes.length).toBeGreaterThan(40);
    expect(reads.length).toBeGreaterThan(20);
    for (const { name, command } of writes) {
      expect({ name, ...concernOf(command) }).toEqual({ name, w: 'majority', j: true, wtimeout: 5_000 });
    }
    for (const { name, command } of reads) {
      expect({ name, readConcern: command['readConcern'], preference: command['$readPreference'] }).toEqual({
        name,
        readConcern: expect.objectContaining({ level: 'majority' }),
        preference: undefined,
      });
    }
    // A transaction reads a snapshot, and its writes are acknowledged by the commit.
    for (const { name, command } of inTransaction) {
      if (name === 'commitTransaction')
        expect({ name, ...concernOf(command) }).toEqual({ name, w: 'majority', j: true, wtimeout: 5_000 });
      if (command['startTransaction'] === true)
        expect(command['readConcern']).toEqual(expect.objectContaining({ level: 'snapshot' }));
    }
    expect(inTransaction.map(({ name }) => name)).toContain('commitTransaction');
    const others = commands.filter(({ name }) => ![...WRITES, ...READS].includes(name));
    expect(others.map(({ name }) => name).filter((name) => !HARMLESS.includes(name))).toEqual([]);
    const retryable = commands.filter(({ name }) => name === 'insert' || name === 'findAndModify');
    expect(retryable.filter(({ command }) => command['txnNumber'] === undefined)).toEqual([]);
  });

  const HARMLESS = ['hello', 'ping', 'endSessions', 'listIndexes', 'listCollections'];

  function concernOf(command: mongo.BSON.Document) {
    const { w, j, wtimeout } = command['writeConcern'] ?? {};
    return { w, j, wtimeout };
  }
});
