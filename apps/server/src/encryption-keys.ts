import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type EncryptionOptions,
  type MadeKey,
  mintEncryptionKey,
  parseEncryptionKey,
  readEncryptionKeys,
  type UnreadableSecret,
} from '@parley/db';
import type { Env } from './env.ts';
import { readIfThere } from './read-if-there.ts';

type KeyEnv = Pick<
  Env,
  'ENCRYPTION_KEY' | 'ENCRYPTION_KEY_PREVIOUS' | 'DATA_DIR' | 'MONGODB_URI' | 'NODE_ENV'
>;

/**
 * Returns the keys that encrypt the secrets in the database: `ENCRYPTION_KEY`, or the file in DATA_DIR. A database
 * without a key gets one in that file. An embedded database always does; another database only while it is new,
 * because one server of an older version must not lock out the others.
 *
 * @throws Error with a sentence for the operator
 */
export async function encryptionOptions(env: KeyEnv): Promise<EncryptionOptions> {
  const path = keyFileOf(env);
  const text = env.ENCRYPTION_KEY ?? (await readKeyFile(path));
  const keys = readEncryptionKeys(text, env.ENCRYPTION_KEY_PREVIOUS);
  const isEmbedded = env.MONGODB_URI === undefined;
  return {
    keys,
    async makeKey({ isNew }) {
      if (!isEmbedded && !isNew) return undefined;
      if (!isEmbedded && !isFolderChosen(env)) throw new Error(NO_PLACE_FOR_KEY);
      return makeKeyFile(path);
    },
  };
}

/** Returns the path of the file with the encryption key that the first start creates. */
export function keyFileOf({ DATA_DIR }: Pick<Env, 'DATA_DIR'>): string {
  return join(DATA_DIR, 'encryption.key');
}

/** Writes a new key to a file that only its owner can read, before the database uses the key. */
export async function makeKeyFile(path: string): Promise<MadeKey> {
  const text = mintEncryptionKey();
  const key = parseEncryptionKey(text);
  if (!key) throw new Error('the key that was made is none');
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return { key, discard: () => rm(path, { force: true }) };
}

const NO_PLACE_FOR_KEY =
  'This server has no key to encrypt secrets with. Set ENCRYPTION_KEY, the same for every server ' +
  '(`openssl rand -base64 32` makes one), or DATA_DIR to a folder that lasts, for a key of its own.';

/** In production the default folder may be part of a container, and be deleted with it. */
function isFolderChosen({ NODE_ENV, DATA_DIR }: Pick<Env, 'NODE_ENV' | 'DATA_DIR'>): boolean {
  return NODE_ENV !== 'production' || DATA_DIR !== '.data';
}

async function readKeyFile(path: string): Promise<string | undefined> {
  const text = await readIfThere(path);
  if (text === undefined || parseEncryptionKey(text)) return text;
  throw new Error(`${path} holds no encryption key. Restore it, or move it away and set ENCRYPTION_KEY.`);
}

/** The maximum number of documents to remember. */
const REPORTED_MAX = 1_000;

/** Reports each document with an unreadable secret once, although it is read for every message. */
export function oncePerDocument(
  report: (secret: UnreadableSecret) => void,
): (secret: UnreadableSecret) => void {
  const reported = new Set<string>();
  return (secret) => {
    if (reported.has(secret.document) || reported.size >= REPORTED_MAX) return;
    reported.add(secret.document);
    report(secret);
  };
}
