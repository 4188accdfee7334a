import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMongod } from '@parley/embedded';
import { freePort, testCacheDir } from '@parley/embedded/testing';
import { mongo } from 'mongoose';

export interface MongodWithFailPoints {
  readonly uri: string;
  readonly client: mongo.MongoClient;
  /** Holds every index build that starts from now on, or lets it go on. */
  holdIndexBuilds(isHeld: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** A replica set of one whose test commands are on, so that an index build can be held open. */
export async function startMongodWithFailPoints(): Promise<MongodWithFailPoints> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-fail-points-'));
  const port = await freePort();
  const { binary, libraryPath } = await findMongod({ cacheDir: testCacheDir, onProgress: () => undefined });
  const place = ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'];
  const options = [
    '--replSet',
    'r',
    '--wiredTigerCacheSizeGB',
    '0.25',
    '--setParameter',
    'enableTestCommands=1',
  ];
  const mongod = spawn(binary, [...place, ...options], {
    stdio: 'ignore',
    ...(libraryPath && { env: { ...process.env, LD_LIBRARY_PATH: libraryPath } }),
  });
  await once(mongod, 'spawn');
  const address = `mongodb://127.0.0.1:${port}`;
  const client = await mongo.MongoClient.connect(`${address}/?directConnection=true`, {
    serverSelectionTimeoutMS: 60_000,
  });
  const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
  await client.db('admin').command({ replSetInitiate: { _id: 'r', members } });
  while (!(await client.db().command({ hello: 1 }))['isWritablePrimary']);
  return {
    uri: `${address}/test?replicaSet=r`,
    client,
    async holdIndexBuilds(isHeld) {
      const mode = isHeld ? 'alwaysOn' : 'off';
      await client.db('admin').command({ configureFailPoint: 'hangAfterStartingIndexBuild', mode });
    },
    async stop() {
      await client.close();
      const ended = once(mongod, 'exit');
      mongod.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
