import { randomBytes } from 'node:crypto';
import { access, constants, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandLineOf } from '../mongod/command-line.ts';
import { startMongo } from '../mongod/start-mongo.ts';
import { stopLeftoverMongod } from '../mongod/stop-leftover-mongod.ts';

export { freePort, untilListening } from '../mongod/free-port.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of a temporary MongoDB for the whole run, without a database: see `testDatabaseUri`. */
    mongoUri: string;
  }
}

/** A temporary MongoDB. */
export interface TestMongo {
  /** The address, without a database: each test file gets its own with `testDatabaseUri`. */
  uri: string;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** The folder of programs fetched by tests. Each checkout has its own; `npm ci` removes it. */
export const testCacheDir = fileURLToPath(new URL('../../../../node_modules/.cache/parley', import.meta.url));

/**
 * Starts a temporary MongoDB with the program and settings of the embedded one. Its data is in memory if the machine has enough,
 * so that majority writes, which are still journaled, do not wait for the disk.
 */
export async function startTestMongo(onProgress: (line: string) => void): Promise<TestMongo> {
  const base = await fastFolder();
  await removeRemains(base);
  const dataDir = await mkdtemp(join(base, `${FOLDER_PREFIX}${process.pid}-`));
  const remove = () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  try {
    const mongo = await startMongo({ dataDir, cacheDir: testCacheDir, onProgress });
    return {
      uri: mongo.uri,
      async stop() {
        await mongo.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Returns the address of an unused database. `name` makes it recognisable for people. */
export function testDatabaseUri(mongoUri: string, name = 'test'): string {
  const url = new URL(mongoUri);
  url.pathname = `/${name}_${randomBytes(6).toString('hex')}`;
  return url.href;
}

/** The pid of the run that made the folder follows. */
const FOLDER_PREFIX = 'parley-tests-';
const MEMORY_FOLDER = '/dev/shm';
const MEMORY_BYTES_MIN = 2 * 1024 ** 3;

async function fastFolder(): Promise<string> {
  try {
    await access(MEMORY_FOLDER, constants.W_OK);
    const { bavail, bsize } = await statfs(MEMORY_FOLDER);
    return bavail * bsize > MEMORY_BYTES_MIN ? MEMORY_FOLDER : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** Removes the folders of killed runs; each contains a database's files, and perhaps its process still runs. */
async function removeRemains(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    const [, pid] = REMAINS.exec(name) ?? [];
    if (pid === undefined || (await commandLineOf(Number(pid))) !== undefined) continue;
    const folder = join(base, name);
    await stopLeftoverMongod(join(folder, 'db'), () => {});
    await rm(folder, { recursive: true, force: true });
  }
}

const REMAINS = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`);
