import { expect, test } from 'vitest';
import { expectRejected, expectSixOperations, startTeamServer } from '../support/generated-client.ts';
import { openProject, succeeded } from '../support/project.ts';
import { openPython } from '../support/toolchains.ts';

/* openapi-python-client, with the document as the server serves it. */

const { env } = await startTeamServer();
const project = await openProject('openapi-python');
const python = await openPython(project, ['-r', 'requirements.txt']);
const generated = await python.run('openapi-python-client', [
  'generate',
  ...['--url', `${env.PARLEY_URL}/openapi.json`],
  ...['--output-path', 'parley_client', '--meta', 'none'],
]);

test('the generator takes the whole document, without a warning', () => {
  succeeded(generated);
  expect(generated.stdout + generated.stderr).not.toMatch(/warning|skipping/i);
});

test('the program is strictly typed; a wrong field name is rejected', async () => {
  const strict = ['--strict', '--follow-imports', 'silent'];
  succeeded(await python.run('mypy', [...strict, 'main.py']));
  const { code, stdout } = await python.run('mypy', [...strict, 'wrong_field.py']);
  expect(code).not.toBe(0);
  expect(stdout).toContain('Unexpected keyword argument "agentId"');
});

test('the Python client runs the six operations', async () => {
  expectSixOperations(await python.run('python', ['main.py'], env));
});

test('a rejection comes with its code', async () => {
  expectRejected(await python.run('python', ['main.py'], { ...env, PARLEY_KEY: 'sk_live_no' }));
});
