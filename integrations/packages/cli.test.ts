import { expect, test } from 'vitest';
import { startHarness } from '../../apps/server/test/harness.ts';
import { openProject, succeeded } from '../support/project.ts';
import { SERVER_PARTS } from '../support/server-parts.ts';

const { url, makeTeam } = await startHarness();
const team = await makeTeam();
const project = await openProject('cli');
const env = { PARLEY_URL: url, PARLEY_KEY: team.secretKey };

test('the installed command prints its version, and answers a question that comes through a pipe', async () => {
  expect(succeeded(await project.run('parley', ['--version'])).stdout).toBe('0.1.0\n');
  const { stdout } = succeeded(await project.run('parley', ['chat'], { env, input: 'hello' }));
  expect(stdout).toBe('You said: hello\n');
});

test('the installed command explains an error and exits with its code', async () => {
  const unauthorized = await project.run('parley', ['chats', 'list'], {
    env: { ...env, PARLEY_KEY: 'sk_live_no' },
  });
  expect(unauthorized).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringContaining('(unauthorized'),
  });
});

test('no part of the server, and no React, comes with it', async () => {
  const installed = await project.installed();
  expect(installed).toContain('@parley/cli');
  expect(installed.filter((name) => [...SERVER_PARTS, 'react'].includes(name))).toEqual([]);
});
