import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from '@parley/contract';
import { findMongod } from '@parley/embedded';
import { freePort, testCacheDir } from '@parley/embedded/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDatabase } from '../src/index.ts';

let folder: string;
let mongod: ChildProcess;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-standalone-'));
  port = await freePort();
  const { binary, libraryPath } = await findMongod({ cacheDir: testCacheDir, onProgress: () => undefined });
  const options = ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'];
  mongod = spawn(binary, [...options, '--wiredTigerCacheSizeGB', '0.25'], {
    stdio: 'ignore',
    ...(libraryPath && { env: { ...process.env, LD_LIBRARY_PATH: libraryPath } }),
  });
  await once(mongod, 'spawn');
});
afterAll(async () => {
  const ended = once(mongod, 'exit');
  mongod.kill('SIGKILL');
  await ended;
  await rm(folder, { recursive: true, force: true });
});

/** Connects as soon as the server is up: until then it is merely unreachable. */
async function errorOfConnecting(): Promise<unknown> {
  for (;;) {
    try {
      await connectDatabase(`mongodb://127.0.0.1:${port}/standalone`);
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) return error;
    }
  }
}

test('a standalone server is rejected with a sentence that says what to do', async () => {
  expect(await errorOfConnecting()).toMatchObject({
    message: expect.stringMatching(/standalone server.*replica set.*--replSet.*rs\.initiate\(\)/),
  });
});
