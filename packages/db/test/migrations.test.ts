import { mongo } from 'mongoose';
import { beforeEach, describe, expect, test } from 'vitest';
import { createLease } from '../src/migrations/lease.ts';
import { createLiveServers } from '../src/migrations/live-servers.ts';
import type { Migration, MigrationContext } from '../src/migrations/migration.ts';
import { schemaVersion } from '../src/migrations/migrations.ts';
import { createSchemaSteps } from '../src/migrations/schema-steps.ts';
import { createVersionModels } from '../src/migrations/version-models.ts';
import { connectMongoose, migrationContextOf, startDatabase } from './start-database.ts';

const db = await startDatabase('migrations');
const connection = await connectMongoose(db);
const client = connection.getClient();
const models = createVersionModels(connection);
const context = migrationContextOf(connection);

beforeEach(async () => {
  await Promise.all(Object.values(models).map((model) => model.deleteMany()));
});

/** Steps that record their runs. */
function stepsOf(
  list: readonly (Omit<Migration, 'run'> & Partial<Pick<Migration, 'run'>>)[],
  minimum?: number,
) {
  const ran: string[] = [];
  const migrations = list.map(({ name, run, ...rest }) => ({
    ...rest,
    name,
    async run(given: MigrationContext) {
      ran.push(name);
      await run?.(given);
    },
  }));
  const servers = { minimumSchemaVersion: async () => minimum ?? migrations.length };
  return { ran, steps: createSchemaSteps(models, servers, migrations) };
}

describe('the steps of a database', () => {
  test('migration steps run once, in order, and record their version', async () => {
    const { ran, steps } = stepsOf([{ name: 'one' }, { name: 'two' }]);
    expect(await steps.version()).toBe(0);
    expect((await steps.pending()).map(({ name }) => name)).toEqual(['one', 'two']);
    await steps.run(context);
    await steps.run(context);
    expect(ran).toEqual(['one', 'two']);
    expect(await steps.version()).toBe(2);
    expect(await steps.hasDue()).toBe(false);
  });

  test('a run of migrations begins with the step that failed before', async () => {
    let isBroken = true;
    const { ran, steps } = stepsOf([
      { name: 'one' },
      {
        name: 'two',
        run: async () => {
          if (isBroken) throw new Error('broken');
        },
      },
    ]);
    await expect(steps.run(context)).rejects.toThrow('broken');
    expect(await steps.version()).toBe(1);
    isBroken = false;
    await steps.run(context);
    expect(ran).toEqual(['one', 'two', 'two']);
    expect(await steps.version()).toBe(2);
  });

  test('migration steps run again once the last server that does not know them has ended', async () => {
    const list = [{ name: 'one' }, { name: 'two' }];
    const beside = stepsOf(list, 1);
    await beside.steps.run(context);
    expect(beside.ran).toEqual(['one', 'two']);
    expect(await beside.steps.pending()).toEqual([{ version: 2, name: 'two', isRepeated: true }]);
    expect(await beside.steps.hasDue()).toBe(false);
    const alone = stepsOf(list);
    await alone.steps.run(context);
    expect(alone.ran).toEqual(['two']);
    expect(await alone.steps.pending()).toEqual([]);
  });

  test('migration steps run again if an older server came back after they had finished', async () => {
    const list = [{ name: 'one' }, { name: 'two' }];
    await stepsOf(list).steps.run(context);
    await stepsOf(list, 0).steps.markOutdated();
    const alone = stepsOf(list);
    await alone.steps.run(context);
    expect(alone.ran).toEqual(['one', 'two']);
  });

  test('a migration step and those after it wait while a server is live that cannot work with its data', async () => {
    const list = [{ name: 'one' }, { name: 'two', minimumServer: 2 }, { name: 'three' }];
    const beside = stepsOf(list, 1);
    await beside.steps.run(context);
    expect(beside.ran).toEqual(['one']);
    expect(await models.steps.countDocuments()).toBe(1);
    const alone = stepsOf(list);
    await alone.steps.run(context);
    expect(alone.ran).toEqual(['two', 'three']);
  });

  test('a migration step removes its record if an older server starts at the same time', async () => {
    const minimums = [2, 2, 1];
    const servers = { minimumSchemaVersion: async () => minimums.shift() ?? 1 };
    let hasRun = false;
    const step = {
      name: 'two',
      minimumServer: 2,
      run: async () => {
        hasRun = true;
      },
    };
    await createSchemaSteps(models, servers, [step]).run(context);
    expect({ hasRun, recorded: await models.steps.countDocuments() }).toEqual({ hasRun: false, recorded: 0 });
  });
});

describe('a database of a newer release', () => {
  const newer = { _id: schemaVersion + 7, name: 'newer', software: '9.0.0', startedAt: new Date() };

  test('a database of a newer release rejects the start with a sentence that names both versions and what to do', async () => {
    await models.steps.create({ ...newer, minimumServer: schemaVersion + 7 });
    await expect(db.connect()).rejects.toThrow(
      new RegExp(
        `schema version ${schemaVersion + 7}.*release 9\\.0\\.0.*up to ${schemaVersion}\\. Start release 9\\.0\\.0`,
      ),
    );
  });

  test('a newer database rejects the start if it does not say which servers it works with', async () => {
    await client
      .db()
      .collection<{ _id: number }>('migrations')
      .insertOne({ ...newer });
    await expect(db.connect()).rejects.toThrow('schema versions up to');
  });

  test('a newer database accepts servers of this version if it says so', async () => {
    await models.steps.create({ ...newer, minimumServer: schemaVersion });
    await expect(db.connect()).resolves.toBeDefined();
  });
});

describe('the lease', () => {
  const signal = new AbortController().signal;

  test('the lease lets one process work at a time', async () => {
    const [one, two] = [createLease(models, 'l', signal), createLease(models, 'l', signal)];
    const inside = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const holding = one.run(async () => {
      inside.resolve();
      await leave.promise;
    });
    await inside.promise;
    expect(await two.run(async () => undefined)).toBe(false);
    leave.resolve();
    expect(await holding).toBe(true);
    expect(await two.run(async () => undefined)).toBe(true);
  });

  test('the lease of a dead process is taken over after it was not renewed for a whole lease', async () => {
    const holder = { token: 'of the dead', renewals: 4, software: '9.0.0', startedAt: new Date() };
    await models.leases.create({ _id: 'l', ...holder });
    const lease = createLease(models, 'l', signal, 200);
    expect(await lease.run(async () => undefined)).toBe(false);
    await expect.poll(() => lease.run(async () => undefined)).toBe(true);
  });

  test('a lease is never taken from a process that renews it', async () => {
    const [one, two] = [createLease(models, 'l', signal, 1_000), createLease(models, 'l', signal, 1_000)];
    const inside = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const holding = one.run(async () => {
      inside.resolve();
      await leave.promise;
    });
    await inside.promise;
    const renewals = async () => (await models.leases.findById('l').lean())?.renewals ?? 0;
    while ((await renewals()) < 6) expect(await two.run(async () => undefined)).toBe(false);
    leave.resolve();
    await holding;
  });

  test('a process that lost the lease stops its work', async () => {
    const lease = createLease(models, 'l', signal, 200);
    const held = await new Promise<AbortSignal>((resolve) => {
      void lease.run(async (given) => {
        resolve(given);
        await new Promise((done) => given.addEventListener('abort', done));
      });
    });
    await models.leases.updateOne({ _id: 'l' }, { $set: { token: 'of another' } });
    await expect.poll(() => held.aborted).toBe(true);
    await expect.poll(() => models.leases.countDocuments({ token: 'of another' })).toBe(1);
  });
});

describe('live servers', () => {
  test('live servers record their versions until they have ended', async () => {
    const server = await db.connect();
    const maintenance = server.maintain(() => undefined);
    const live = createLiveServers(models, client, false);
    await expect.poll(async () => (await live.list()).length).toBe(1);
    expect(await live.list()).toEqual([
      { id: expect.any(String), software: expect.any(String), schemaVersion, startedAt: expect.any(Date) },
    ]);
    await models.servers.updateOne({}, { $set: { schemaVersion: 0 } });
    expect(await server.minimumSchemaVersion()).toBe(0);
    await maintenance.close();
    expect(await live.list()).toEqual([]);
  });

  test('a server stops counting as live when its heartbeats stop', async () => {
    const seenAt = new Date(Date.now() - 10 * 60_000);
    await models.servers.create({ _id: 's', software: '9', schemaVersion: 0, startedAt: seenAt, seenAt });
    const live = createLiveServers(models, client, false);
    expect(await live.list()).toEqual([]);
  });

  test('servers of release 0.1.0 write no heartbeats and are known by their connections', async () => {
    const live = createLiveServers(models, client, false);
    const before = await live.countUnversioned();
    const old = new mongo.MongoClient(db.uri, { appName: 'parley' });
    await old.db().command({ ping: 1 });
    expect(await live.countUnversioned()).toBeGreaterThan(before ?? 0);
    expect(await live.minimumSchemaVersion()).toBe(0);
    await old.close();
  });

  test('versions are allowed when every live server knows them, and no connection is of release 0.1.0', async () => {
    const live = createLiveServers(models, client, false);
    await expect.poll(() => live.allKnow(schemaVersion, false)).toBe(true);
    const seenAt = new Date();
    const server = { software: '0', schemaVersion: schemaVersion - 1, startedAt: seenAt, seenAt };
    await models.servers.create({ _id: 'older', ...server });
    expect(await live.allKnow(schemaVersion, true)).toBe(false);
    await models.servers.deleteOne({ _id: 'older' });
    const old = new mongo.MongoClient(db.uri, { appName: 'parley' });
    await old.db().command({ ping: 1 });
    expect(await live.allKnow(schemaVersion, true)).toBe(false);
    await old.close();
  });

  test('the operator decides when MongoDB does not list its connections', async () => {
    const rejection = new mongo.MongoServerError({ message: 'not authorized', code: 13 });
    const aggregate = () => ({ toArray: () => Promise.reject(rejection) });
    const silent = { db: () => ({ aggregate }) } as unknown as mongo.MongoClient;
    const live = createLiveServers(models, silent, false);
    expect(await live.countUnversioned()).toBeUndefined();
    expect([await live.allKnow(schemaVersion, false), await live.allKnow(schemaVersion, true)]).toEqual([
      false,
      true,
    ]);
  });

  test('a live server brings the database to its schema version', async () => {
    const server = await db.connect();
    const maintenance = server.maintain(() => undefined);
    await expect
      .poll(async () => (await models.steps.find().lean()).filter(({ finishedAt }) => finishedAt).length)
      .toBe(schemaVersion);
    await maintenance.close();
  });
});
