import { createHmac, randomBytes } from 'node:crypto';
import { chmod, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** The secret that authenticates the `mongod` of a data folder and its clients. */
export interface MongodSecret {
  /** The path of the key file. */
  readonly keyFile: string;
  /** The content of the key file. It gives the rights of `__system`, without limits, so only the starting process uses it. */
  readonly key: string;
  /** The password of the user that servers and commands connect as. */
  readonly password: string;
}

/** The user that servers and commands connect as. */
export const MONGOD_USER = 'parley';

/**
 * Reads the secret of a data folder, or creates it at the first start, readable only by its owner. The password is derived
 * from the key, so one file contains both, and a stored address stays valid from one start to the next.
 */
export async function ensureMongodSecret(dataDir: string): Promise<MongodSecret> {
  const keyFile = join(dataDir, 'mongod.key');
  const key = (await readKey(keyFile)) ?? (await makeKey(keyFile));
  // `mongod` rejects a key file that others can read. Copying a folder may change the mode.
  await chmod(keyFile, 0o600);
  return {
    keyFile,
    key,
    password: createHmac('sha256', key).update(`user ${MONGOD_USER}`).digest('base64url'),
  };
}

/** `mongod` accepts keys of 6 to 1024 base64 characters. */
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

/** Writes the file so that it is complete or absent, even if the process or the machine stops. */
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
