import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startHarness } from '../../apps/server/test/harness.ts';
import { findChrome, launch } from '../../apps/web/test/support/browser.ts';
import { atEnd } from '../support/at-end.ts';
import { errorsIn, expectCompiles } from '../support/compile.ts';
import { openProject, succeeded } from '../support/project.ts';
import { SERVER_PARTS } from '../support/server-parts.ts';

const { url, makeTeam } = await startHarness();
const team = await makeTeam();
const project = await openProject('react-vite');

test('the Vite project compiles with each module resolution; a wrong field name does not', async () => {
  await expectCompiles(project);
  const { code, stdout } = await project.run('tsc', ['-p', 'tsconfig.wrong.json']);
  expect(code).not.toBe(0);
  expect(errorsIn(stdout)).toEqual([
    expect.stringMatching(/^src\/wrong-field\.tsx\(5,.*'userID' does not exist/),
    expect.stringMatching(/^src\/wrong-field\.tsx\(6,.*'titel' does not exist/),
  ]);
});

test('no part of the server comes with it', async () => {
  const installed = await project.installed();
  expect(installed.filter((name) => SERVER_PARTS.includes(name))).toEqual([]);
});

test('an app that Vite builds can chat in a real browser, from another origin', async () => {
  const env = { VITE_PARLEY_URL: url, VITE_PARLEY_KEY: team.publishableKey };
  succeeded(await project.run('vite', ['build'], { env }));
  const assets = join(project.folder, 'dist/assets');
  const scripts = (await readdir(assets)).filter((file) => file.endsWith('.js'));
  const code = await Promise.all(scripts.map((file) => readFile(join(assets, file), 'utf8')));
  expect(code.join('')).not.toMatch(/ZodError|mongoose/);

  const [, port] = await project.start(
    'vite',
    ['preview', '--port', '0', '--host', '127.0.0.1'],
    /127\.0\.0\.1:(\d+)/,
  );
  const browser = await launch(await findChrome());
  atEnd(() => browser.close());
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.getByRole('button', { name: 'Chat with Ada' }).click();
  await page.getByLabel('Message').fill('hello from React');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('p.answer', { hasText: 'You said: hello from React' }).waitFor();
  expect(problems).toEqual([]);
});
