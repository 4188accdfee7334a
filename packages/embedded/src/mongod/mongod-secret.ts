import { createHmac, randomBytes } from 'node:crypto';
import { chmod, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** What a data folder's `mongod` and its clients prove themselves with. */
export interface MongodSecret {
  /** The path that `mongod` is told. */
  readonly keyFile: string;
  /** The content of the file: who knows it is `__system`, which may do everything. Only the starting process uses it. */
  readonly key: string;
  /** The password of the user that servers and commands connect as. */
  readonly password: string;
}

/** The user that servers and commands connect as. */
export const MONGOD_USER = 'parley';

/**
 * The secret of a data folder, made at its first start and readable by its owner alone. The password is derived from the
 * key, so that one file holds all of it and an address that was written down stays true from one start to the next.
 */
export async function ensureMongodSecret(dataDir: string): Promise<MongodSecret> {
  const keyFile = join(dataDir, 'mongod.key');
  const key = (await readKey(keyFile)) ?? (await makeKey(keyFile));
  // `mongod` rejects a key that others can read, as a copied folder may have it.
  await chmod(keyFile, 0o600);
  return {
    keyFile,
    key,
    password: createHmac('sha256', key).update(`user ${MONGOD_USER}`).digest('base64url'),
  };
}

/** What `mongod` takes for a key: 6 to 1024 characters of base64. */
const KEY = /^[A-Za-z0-9+/=]{32,1024}$/;
const KEY_BYTES = 96;

async function readKey(keyFile: string): Promise<string | undefined> {
  const text = await readFile(keyFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const key = text.trim();
  return KEY.test(key) ? key : undefined;
}

/** The file is there as a whole or not at all, whenever the process or the machine stops. */
async function makeKey(keyFile: string): Promise<string> {
  const key = randomBytes(KEY_BYTES).toString('base64');
  const file = await open(`${keyFile}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${key}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${keyFile}.new`, keyFile);
  return key;
}
