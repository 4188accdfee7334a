import { expect, test } from 'vitest';
import { errorsIn } from '../support/compile.ts';
import { expectRejected, expectSixOperations, startTeamServer } from '../support/generated-client.ts';
import { openProject, succeeded } from '../support/project.ts';

/* openapi-typescript and openapi-fetch, with the document as the server serves it. */

const { env } = await startTeamServer();
const project = await openProject('openapi-typescript');
succeeded(await project.run('npm', ['run', 'generate'], { env }));

test('the client compiles strictly, declarations and all; a wrong field name does not', async () => {
  succeeded(await project.run('tsc'));
  const { code, stdout } = await project.run('tsc', ['-p', 'tsconfig.wrong.json']);
  expect(code).not.toBe(0);
  expect(errorsIn(stdout)).toEqual([expect.stringMatching(/^wrong-field\.ts\(6,.*'agentID' does not exist/)]);
});

test('the TypeScript client runs the six operations', async () => {
  expectSixOperations(await project.run('node', ['main.ts'], { env }));
});

test('a rejection comes with its code', async () => {
  expectRejected(await project.run('node', ['main.ts'], { env: { ...env, PARLEY_KEY: 'sk_live_no' } }));
});
