import { scripts, startScriptedModel } from '@parley/agent/testing';
import { testDatabaseUri } from '@parley/embedded/testing';
import { afterAll, expect, inject, test } from 'vitest';
import { expectCompiles } from '../support/compile.ts';
import { openProject, succeeded } from '../support/project.ts';

const model = await startScriptedModel();
afterAll(() => model.stop());
const host = await openProject('node-host');
const client = await openProject('node-client');
const env = {
  MONGODB_URI: testDatabaseUri(inject('mongoUri'), 'host'),
  OPENAI_BASE_URL: model.baseUrl,
  OPENAI_MODEL: 'scripted',
  PORT: '0',
};

test('the host’s sources compile, whichever way modules are resolved', () => expectCompiles(host));

test('a bare Node server with the router serves a chat to the client, as it is written', async () => {
  const secretKey = succeeded(await host.run('node', ['make-team.ts'], { env })).stdout.trim();
  expect(secretKey).toMatch(/^sk_live_/);
  const [, port] = await host.start('node', ['main.ts'], /"port":(\d+)/, { env });
  model.replyTo('Who are you?', scripts.text(['I am', ' Ada.']));

  const call = { env: { PARLEY_URL: `http://127.0.0.1:${port}`, PARLEY_KEY: secretKey } };
  const { stdout } = succeeded(await client.run('node', ['main.ts', 'Who are you?'], call));
  expect(stdout).toBe('I am Ada.\n(completed)\n');

  const unauthorized = await client.run('node', ['main.ts'], {
    env: { ...call.env, PARLEY_KEY: 'sk_live_no' },
  });
  expect(unauthorized).toMatchObject({ code: 1, stdout: '' });
  expect(unauthorized.stderr).toContain('(unauthorized)');

  const response = await fetch(`http://127.0.0.1:${port}/trpc/chat.list`, { method: 'GET' });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('Bearer');
  const requestId = response.headers.get('x-request-id');
  expect(await response.json()).toMatchObject({ error: { data: { apiError: { requestId } } } });
});
