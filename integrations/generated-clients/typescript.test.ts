import { scripts, startScriptedTool } from '@parley/agent/testing';
import type { FullAgent } from '@parley/contract';
import { afterAll, expect, test } from 'vitest';
import { errorsIn } from '../support/compile.ts';
import { startCuttingProxy } from '../support/cutting-proxy.ts';
import { expectRejected, expectSixOperations, startTeamServer } from '../support/generated-client.ts';
import { openProject, succeeded } from '../support/project.ts';

/* openapi-typescript and openapi-fetch, with the document as the server serves it. */

const { env, team, model } = await startTeamServer();
const tool = await startScriptedTool();
afterAll(() => tool.stop());
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

test('the TypeScript client follows a chat and rates the answer, also over a connection that breaks', async () => {
  const parameters = { type: 'object', properties: {} };
  const order = {
    name: 'order',
    title: 'Looks up the order',
    description: 'Finds it.',
    url: tool.url,
    parameters,
  };
  const { body: agent } = await team.rest<FullAgent>('POST', '/agent', {
    body: { name: 'Ada', type: 'support', tools: [order] },
  });
  const proxy = await startCuttingProxy(env.PARLEY_URL);
  for (const PARLEY_URL of [env.PARLEY_URL, proxy.url]) {
    model.reply(scripts.toolCalls([{ name: 'order' }], 'One moment. '), scripts.text('It arrives tomorrow.'));
    const run = await project.run('node', ['follow.ts'], {
      env: { ...env, PARLEY_URL, PARLEY_AGENT: agent.id },
    });
    expect(succeeded(run).stdout).toBe(
      'user: Where is my order?\nOne moment. Looks up the order…\nIt arrives tomorrow. (completed)\nrated: up\n',
    );
  }
  expect(proxy.cuts()).toContainEqual(expect.stringMatching(/^GET .*\/events/));
});
