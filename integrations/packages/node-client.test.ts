import { expect, test } from 'vitest';
import { startHarness } from '../../apps/server/test/harness.ts';
import { errorsIn, expectCompiles } from '../support/compile.ts';
import { openProject, succeeded } from '../support/project.ts';
import { SERVER_PARTS } from '../support/server-parts.ts';

const { url, makeTeam } = await startHarness();
const team = await makeTeam();
const project = await openProject('node-client');

test('a script makes a chat, sends, and prints the answer as it is written', async () => {
  const env = { PARLEY_URL: url, PARLEY_KEY: team.secretKey };
  const { stdout } = succeeded(await project.run('node', ['main.ts', 'hello'], { env }));
  expect(stdout).toBe('You said: hello\n(completed)\n');
});

test('no part of the server, and no React, comes with it', async () => {
  const installed = await project.installed();
  expect(installed).toContain('@parley/client');
  expect(installed.filter((name) => [...SERVER_PARTS, 'react'].includes(name))).toEqual([]);
});

test('the Node project compiles with each module resolution', () => expectCompiles(project));

test('a wrong field name does not compile', async () => {
  const { code, stdout } = await project.run('tsc', ['-p', 'tsconfig.wrong.json']);
  expect(code).not.toBe(0);
  expect(errorsIn(stdout)).toEqual([
    expect.stringMatching(/^wrong-field\.ts\(5,.*'user' does not exist/),
    expect.stringMatching(/^wrong-field\.ts\(6,.*'titel' does not exist/),
  ]);
});
