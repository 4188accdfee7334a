import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startHarness } from '../../server/test/harness.ts';
import { configHome, runParley } from './support/run-parley.ts';

const { url, makeTeam } = await startHarness();
const team = await makeTeam();

test('login stores a valid key for its owner only, and logout removes it', async () => {
  const home = await configHome();
  const env = { XDG_CONFIG_HOME: home };
  const file = join(home, 'parley/config.json');
  const login = await runParley(['login', '--url', `${url}/`], {
    env: { ...env, PARLEY_KEY: team.secretKey },
  });
  expect(login).toMatchObject({ code: 0, stdout: '' });
  expect(login.stderr).not.toContain(team.secretKey);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ url, key: team.secretKey });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, 'parley'))).mode & 0o777).toBe(0o700);

  expect(await runParley(['agents', 'list'], { env })).toMatchObject({ code: 0 });
  expect(await runParley(['logout'], { env })).toMatchObject({ code: 0, stderr: 'You are logged out.\n' });
  expect(await runParley(['agents', 'list'], { env })).toMatchObject({ code: 3 });
});

test('login does not store an unknown key', async () => {
  const env = { XDG_CONFIG_HOME: await configHome() };
  const login = await runParley(['login', '--url', url, '--key', 'sk_live_wrong'], { env });
  expect(login.code).toBe(3);
  expect(await runParley(['logout'], { env })).toMatchObject({ stderr: 'You were not logged in.\n' });
});

test('a stored key is only sent to its own server', async () => {
  const env = { XDG_CONFIG_HOME: await configHome() };
  await runParley(['login', '--url', url, '--key', team.secretKey], { env });
  const elsewhere = await runParley(['agents', 'list', '--url', 'http://127.0.0.1:1'], { env });
  expect(elsewhere.code).toBe(3);
  expect(elsewhere.stderr).toContain(`You are logged in to ${url}`);
});

test('login without a terminal rejects a missing key and an invalid address', async () => {
  const env = { XDG_CONFIG_HOME: await configHome() };
  expect(await runParley(['login'], { env })).toMatchObject({ code: 2 });
  expect(await runParley(['login', '--url', 'parley', '--key', 'x'], { env })).toMatchObject({ code: 2 });
});

test('doctor reports a config file that others can read', async () => {
  const home = await configHome();
  const env = { XDG_CONFIG_HOME: home };
  await runParley(['login', '--url', url, '--key', team.secretKey], { env });
  await chmod(join(home, 'parley/config.json'), 0o644);
  const { code, stdout } = await runParley(['doctor'], { env });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^fail {2}config {4}others on this machine may read the key/m);
  expect(stdout).not.toContain(team.secretKey);
});
