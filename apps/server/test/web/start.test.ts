import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { openKeyWarning } from '@parley/contract';
import { expect, test } from 'vitest';
import { encryptionKeyOf, ServerProcess, temporaryFolder } from '../start/server-process.ts';
import { ask, requestSession } from './support.ts';

test('`npm start` builds the page, says where it is, and opens it with the publishable key', async () => {
  const server = await ServerProcess.start(await temporaryFolder());
  expect(existsSync(resolve(import.meta.dirname, '../../../web/dist/index.html'))).toBe(true);
  expect(server.stderr).toMatch(new RegExp(`^ {2}Chat +${server.url}/$`, 'm'));
  expect((await ask(server.url, 'GET', '/')).text).toContain('<script type="module"');

  const { status, body, text } = await requestSession(server.url);
  const { publishableKey, secretKey, webKey } = await server.credentials();
  expect({ status, key: body?.['publishableKey'] }).toEqual({ status: 200, key: webKey });
  expect(text).not.toContain(secretKey);
  expect(text).not.toContain(publishableKey);
  expect(server.stderr).not.toContain('WEB_PUBLISHABLE_KEY');
  // The machine-readable log is unchanged: one line of JSON for each request.
  for (const line of server.stdout.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
});

test('WEB_APP=off serves no page, and the start page names none', async () => {
  const server = await ServerProcess.start(await temporaryFolder(), { WEB_APP: 'off' });
  expect(server.stderr).not.toMatch(/^ {2}Chat /m);
  expect((await ask(server.url, 'GET', '/')).status).toBe(404);
  expect((await requestSession(server.url)).status).toBe(404);
});

test('the page of a server with keys of another place asks for one, and WEB_PUBLISHABLE_KEY provides it', async () => {
  const homeFolder = await temporaryFolder();
  const home = await ServerProcess.start(homeFolder);
  const { mongodbUri, publishableKey, webKey } = await home.credentials();
  const database = { MONGODB_URI: mongodbUri, ...(await encryptionKeyOf(homeFolder)) };
  const elsewhere = await ServerProcess.start(await temporaryFolder(), database);
  const rejected = await requestSession(elsewhere.url);
  expect(rejected).toMatchObject({ status: 503, body: { code: 'web_app_not_configured' } });

  for (const [key, isOpen] of [
    [webKey, false],
    [publishableKey, true],
  ] as const) {
    const given = { ...database, WEB_PUBLISHABLE_KEY: key };
    const configured = await ServerProcess.start(await temporaryFolder(), given);
    expect(await requestSession(configured.url)).toMatchObject({
      status: 200,
      body: { publishableKey: key, userToken: expect.any(String) },
    });
    expect(configured.stderr.includes(`WEB_PUBLISHABLE_KEY names an open key. ${openKeyWarning}`)).toBe(
      isOpen,
    );
    await configured.stop();
  }
});
