import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintEncryptionKey, parseEncryptionKey } from '@parley/db';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encryptionOptions, oncePerDocument } from './encryption-keys.ts';
import { readEnv } from './env.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-keys-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const MONGODB_URI = 'mongodb://db.example/parley';
const optionsOf = (env: NodeJS.ProcessEnv) =>
  encryptionOptions(readEnv({ DATA_DIR: join(folder, 'data'), ...env }));

/** Reads in a working directory without data: the default folder of the repository belongs to a server that was started there. */
async function elsewhere<Result>(read: () => Promise<Result>): Promise<Result> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await read();
  } finally {
    process.chdir(before);
  }
}

const path = () => join(folder, 'data', 'encryption.key');

test('ENCRYPTION_KEY has precedence over the file, and the previous key only decrypts', async () => {
  const [key, other, previous] = [mintEncryptionKey(), mintEncryptionKey(), mintEncryptionKey()];
  await (await optionsOf({})).makeKey?.({ isNew: true });
  await writeFile(path(), other);
  expect((await optionsOf({})).keys?.current.id).toBe(parseEncryptionKey(other)?.id);
  const both = { ENCRYPTION_KEY: key, ENCRYPTION_KEY_PREVIOUS: previous };
  const { keys } = await optionsOf(both);
  expect(keys?.current.id).toBe(parseEncryptionKey(key)?.id);
  expect(keys?.previous?.id).toBe(parseEncryptionKey(previous)?.id);
});

test('a previous key without a current one is rejected, and so is a file without a key', async () => {
  await expect(optionsOf({ ENCRYPTION_KEY_PREVIOUS: mintEncryptionKey() })).rejects.toThrow('Set both');
  await (await optionsOf({})).makeKey?.({ isNew: true });
  await writeFile(path(), 'half a ke');
  await expect(optionsOf({})).rejects.toThrow(`${path()} holds no encryption key`);
});

describe('the file with the encryption key', () => {
  test('a start creates a key file for an embedded database, also one of an earlier release', async () => {
    for (const isNew of [true, false]) {
      const made = await (await optionsOf({})).makeKey?.({ isNew });
      expect((await stat(path())).mode & 0o777).toBe(0o600);
      expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
      expect(parseEncryptionKey(await readFile(path(), 'utf8'))?.id).toBe(made?.key.id);
      await made?.discard();
      await expect(stat(path())).rejects.toThrow('ENOENT');
    }
  });

  test('a start creates a key file for another database only while it is new, because servers of an earlier release share no key', async () => {
    expect(await (await optionsOf({ MONGODB_URI })).makeKey?.({ isNew: false })).toBeUndefined();
    expect(await (await optionsOf({ MONGODB_URI })).makeKey?.({ isNew: true })).toBeDefined();
  });

  test('a start in production creates a key file only in a folder that is set; otherwise the error says to set ENCRYPTION_KEY', async () => {
    const env = { MONGODB_URI, NODE_ENV: 'production' };
    expect(await (await optionsOf(env)).makeKey?.({ isNew: true })).toBeDefined();
    const inDefaultFolder = await elsewhere(() => encryptionOptions({ ...readEnv(env), DATA_DIR: '.data' }));
    expect(inDefaultFolder.keys).toBeUndefined();
    await expect(inDefaultFolder.makeKey?.({ isNew: true })).rejects.toThrow('Set ENCRYPTION_KEY');
    // The key of an embedded database is in the same folder as the data.
    expect(
      await (await optionsOf({ NODE_ENV: 'production', DATA_DIR: folder })).makeKey?.({ isNew: true }),
    ).toBeDefined();
  });

  test('a start never replaces an existing key file', async () => {
    await (await optionsOf({})).makeKey?.({ isNew: true });
    await expect((await optionsOf({})).makeKey?.({ isNew: true })).rejects.toThrow('EEXIST');
  });
});

test('a document with an unreadable secret is reported once', () => {
  const reported: string[] = [];
  const report = oncePerDocument(({ document }) => void reported.push(document));
  for (const document of ['a', 'b', 'a']) report({ team: 't', document, field: 'secret', keyId: 'k' });
  expect(reported).toEqual(['a', 'b']);
});
