import { randomBytes } from 'node:crypto';
import { access, constants, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandLineOf } from '../mongod/command-line.ts';
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

/** The address of a database nobody else uses; `name` makes it recognisable while it is looked at. */
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
    await endLeftover(join(folder, 'db'), () => {});
    await rm(folder, { recursive: true, force: true });
  }
}

const REMAINS = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`);
