import { randomBytes } from 'node:crypto';
import { access, constants, mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockFolder, readLock } from '../lock-folder.ts';
import { endLeftover } from '../mongod/end-leftover.ts';
import { startMongo } from '../mongod/start-mongo.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of one throw-away MongoDB for the whole run. Names no database: see `testDatabaseUri`. */
    mongoUri: string;
  }
}

export interface TestMongo {
  /** Names no database: each test file takes one of its own with `testDatabaseUri`. */
  uri: string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Where tests keep fetched programs. It is this checkout's own, and lasts until the next `npm ci`. */
export const testCacheDir = fileURLToPath(new URL('../../../../node_modules/.cache/parley', import.meta.url));

/**
 * Starts a throw-away MongoDB, the same program and settings as the embedded one. Its data is in memory where
 * the machine has room for that, so that majority writes, journaled as ever, cost no disk.
 */
export async function startTestMongo(onProgress: (line: string) => void): Promise<TestMongo> {
  const base = await fastFolder();
  await removeRemains(base);
  const dataDir = await mkdtemp(join(base, FOLDER_PREFIX));
  const lock = await lockFolder(dataDir);
  const remove = () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  try {
    const mongo = await startMongo({ dataDir, cacheDir: testCacheDir, onProgress });
    return {
      uri: mongo.uri,
      async stop() {
        await mongo.stop();
        await lock.release();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The address of a database nobody else uses; `name` makes it recognisable while it is looked at. */
export function testDatabaseUri(mongoUri: string, name = 'test'): string {
  const url = new URL(mongoUri);
  url.pathname = `/${name}_${randomBytes(6).toString('hex')}`;
  return url.href;
}

const FOLDER_PREFIX = 'parley-test-mongo-';
const MEMORY_FOLDER = '/dev/shm';
const MEMORY_BYTES_MIN = 2 * 1024 ** 3;
/** A folder this young may be about to be locked by the run that made it. */
const YOUNG_MS = 60_000;

async function fastFolder(): Promise<string> {
  try {
    await access(MEMORY_FOLDER, constants.W_OK);
    const { bavail, bsize } = await statfs(MEMORY_FOLDER);
    return bavail * bsize > MEMORY_BYTES_MIN ? MEMORY_FOLDER : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** Runs that were killed leave folders behind; each holds a database's files, and perhaps its process. */
async function removeRemains(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    if (!name.startsWith(FOLDER_PREFIX)) continue;
    const folder = join(base, name);
    const made = await stat(folder).catch(() => undefined);
    if (!made || Date.now() - made.mtimeMs < YOUNG_MS || (await readLock(folder))) continue;
    await endLeftover(join(folder, 'db'), () => {});
    await rm(folder, { recursive: true, force: true });
  }
}
