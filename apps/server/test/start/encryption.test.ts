import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mintEncryptionKey } from '@parley/db';
import { expect, test } from 'vitest';
import { requestSession } from '../web/support.ts';
import { admin, call, encryptionKeyOf, ServerProcess, temporaryFolder } from './server-process.ts';

const statusOf = async (dataDir: string, env: Record<string, string> = {}) =>
  JSON.parse((await admin(dataDir, ['encryption', 'status'], env)).stdout);

/** Opens the chat page, as a browser with this cookie does. */
async function visit(url: string, sent?: string): Promise<{ userId: unknown; cookie: string }> {
  const { status, headers, body } = await requestSession(url, sent === undefined ? {} : { cookie: sent });
  expect(status).toBe(200);
  return { userId: body?.['userId'], cookie: headers.getSetCookie()[0]?.split(';', 1)[0] ?? '' };
}

test('the first start creates a private key file, and a missing one is an error with advice', async () => {
  const dataDir = await temporaryFolder();
  const path = join(dataDir, 'encryption.key');
  const first = await ServerProcess.start(dataDir);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const made = await call(await first.credentials(), 'POST', '/signing-secret', {});
  expect(made.status).toBe(200);
  const visitor = await visit(first.url);
  const secrets = { underCurrentKey: 2, plain: 0, unreadable: 0 };
  expect(await statusOf(dataDir)).toMatchObject({ isOn: true, secrets });
  const { ENCRYPTION_KEY } = await encryptionKeyOf(dataDir);
  expect(first.stderr + first.stdout).not.toContain(ENCRYPTION_KEY);
  await first.stop();

  await rm(path);
  const without = await ServerProcess.spawn(dataDir);
  const { code, stderr } = await without.exited;
  expect(code).toBe(1);
  expect(stderr).toContain('this server has no key. Set ENCRYPTION_KEY');
  expect(stderr).toContain('encryption reset');

  await writeFile(path, 'no key');
  expect((await (await ServerProcess.spawn(dataDir)).exited).stderr).toContain('holds no encryption key');
  await rm(path);
  const reset = JSON.parse((await admin(dataDir, ['encryption', 'reset', '--yes'])).stdout);
  expect(reset).toMatchObject({ signingSecrets: 1, toolHeaders: 0, cookieKeys: 1 });
  const again = await ServerProcess.start(dataDir);
  const { body } = await call(await again.credentials(), 'GET', '/signing-secret');
  expect(body).toEqual({ signingSecrets: [] });
  // The key that signed the visitor's cookie is lost too.
  const asNew = await visit(again.url, visitor.cookie);
  expect(asNew.userId).not.toBe(visitor.userId);
  expect((await visit(again.url, asNew.cookie)).userId).toBe(asNew.userId);
});

test('the second of two servers needs the key of the first, and a rotation says when the old key can go', async () => {
  const home = await ServerProcess.start(await temporaryFolder());
  const { mongodbUri } = await home.credentials();
  const [key, next] = [mintEncryptionKey(), mintEncryptionKey()];
  const database = { MONGODB_URI: mongodbUri.replace('/?', '/two?') };
  const first = await ServerProcess.start(await temporaryFolder(), { ...database, ENCRYPTION_KEY: key });
  const credentials = await first.credentials();
  const page = { WEB_PUBLISHABLE_KEY: credentials.webKey };
  expect((await call(credentials, 'POST', '/signing-secret', {})).status).toBe(200);

  const visitor = await visit(first.url);
  for (const [env, sentence] of [
    [{}, 'this server has no key'],
    [{ ENCRYPTION_KEY: next }, 'encrypted with another key'],
    [{ ENCRYPTION_KEY: 'short' }, 'ENCRYPTION_KEY: must be 32 bytes'],
  ] as const) {
    const rejected = await ServerProcess.spawn(await temporaryFolder(), { ...database, ...env });
    const { code, stderr } = await rejected.exited;
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
  }

  const rotating = { ...database, ...page, ENCRYPTION_KEY: next, ENCRYPTION_KEY_PREVIOUS: key };
  const second = await ServerProcess.start(await temporaryFolder(), rotating);
  expect((await visit(second.url, visitor.cookie)).userId).toBe(visitor.userId);
  const rotated = JSON.parse(
    (await admin(await temporaryFolder(), ['encryption', 'rotate'], rotating)).stdout,
  );
  expect(rotated).toMatchObject({
    previousKeyMayGo: true,
    secrets: { underCurrentKey: 2, underPreviousKey: 0, unreadable: 0 },
  });
  await second.stop();
  const alone = await ServerProcess.start(await temporaryFolder(), {
    ...database,
    ...page,
    ENCRYPTION_KEY: next,
  });
  const { body } = await call({ ...credentials, url: alone.url }, 'GET', '/signing-secret');
  expect(body.signingSecrets).toHaveLength(1);
  expect((await visit(alone.url, visitor.cookie)).userId).toBe(visitor.userId);
});
