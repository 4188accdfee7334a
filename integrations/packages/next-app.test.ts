import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NewSigningSecret } from '@parley/contract';
import { beforeAll, expect, test } from 'vitest';
import { startHarness } from '../../apps/server/test/harness.ts';
import { findChrome, launch } from '../../apps/web/test/support/browser.ts';
import { atEnd } from '../support/at-end.ts';
import { errorsIn, expectCompiles } from '../support/compile.ts';
import { openProject, succeeded } from '../support/project.ts';
import { SERVER_PARTS } from '../support/server-parts.ts';

const { url, makeTeam, model } = await startHarness();
const team = await makeTeam();
const project = await openProject('next-app');
const env: Record<string, string> = { NEXT_TELEMETRY_DISABLED: '1' };

beforeAll(async () => {
  const { body: made } = await team.rest<NewSigningSecret>('POST', '/signing-secret');
  Object.assign(env, {
    PARLEY_URL: url,
    PARLEY_SECRET_KEY: team.secretKey,
    PARLEY_PUBLISHABLE_KEY: await team.verifiedKey(),
    PARLEY_TEAM: made.audience,
    PARLEY_SIGNING_SECRET: made.secret,
  });
  succeeded(await project.run('next', ['build'], { env }));
});

test('the Next.js app compiles; a wrong field name does not', async () => {
  await expectCompiles(project);
  const { code, stdout } = await project.run('tsc', ['-p', 'tsconfig.wrong.json']);
  expect(code).not.toBe(0);
  expect(errorsIn(stdout)).toEqual([
    expect.stringMatching(/^wrong-field\.tsx\(5,.*'userID' does not exist/),
    expect.stringMatching(/^wrong-field\.tsx\(6,.*'titel' does not exist/),
  ]);
});

test('no part of the server comes with it, and no secret is in what browsers get', async () => {
  const installed = await project.installed();
  expect(installed.filter((name) => SERVER_PARTS.includes(name))).toEqual([]);
  const files = await readdir(join(project.folder, '.next/static'), { recursive: true, withFileTypes: true });
  const texts = await Promise.all(
    files.filter((file) => file.isFile()).map(({ parentPath, name }) => readFile(join(parentPath, name))),
  );
  expect(texts.length).toBeGreaterThan(5);
  for (const secret of [team.secretKey, env['PARLEY_SIGNING_SECRET'] ?? '', 'x-api-key: sk_']) {
    expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  }
});

test('a server component shows the user’s chats, a client component chats, and other users’ chats are not there', async () => {
  const own = await team.makeChat({ userId: 'user_42' });
  await team.send(own.id, 'How do I reset my password?');
  const foreign = await team.makeChat({ userId: 'user_7' });
  await team.send(foreign.id, 'Somebody else asks');
  const [, port] = await project.start(
    'next',
    ['start', '--port', '0', '--hostname', '127.0.0.1'],
    /http:\/\/127\.0\.0\.1:(\d+)[\s\S]*Ready/,
    { env },
  );
  const site = `http://127.0.0.1:${port}`;

  const list = await (await fetch(`${site}/`)).text();
  expect(list).toContain('How do I reset my password?');
  expect(list).not.toContain('Somebody else asks');
  for (const secret of [team.secretKey, env['PARLEY_SIGNING_SECRET'] ?? ''])
    expect(list).not.toContain(secret);
  const answers = await Promise.all(
    [own.id, foreign.id, 'chat_no'].map(async (id) => {
      const response = await fetch(`${site}/chat/${id}`);
      return [response.status, (await response.text()).includes('<h1>How do I reset my password?</h1>')];
    }),
  );
  expect(answers).toEqual([
    [200, true],
    [404, false],
    [404, false],
  ]);

  const browser = await launch(await findChrome());
  atEnd(() => browser.close());
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
  await page.goto(site);
  await page.getByRole('button', { name: 'Chat with Ada' }).click();
  await page.getByLabel('Message').fill('hello from Next.js');
  const gate = model.hold();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  gate.release();
  await page.locator('p.answer', { hasText: 'You said: hello from Next.js' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'hello from Next.js' }).waitFor();
  await page.locator('p.answer', { hasText: 'You said: hello from Next.js' }).waitFor();
  expect(problems).toEqual([]);
});
