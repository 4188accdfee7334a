import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startScriptedModel } from '@parley/agent/testing';
import { expect, onTestFinished, test } from 'vitest';
import { call, ServerProcess, temporaryFolder } from './server-process.ts';

test('the first start creates a team, an agent and keys, stores them in a private file and logs none', async () => {
  const dataDir = await temporaryFolder();
  const first = await ServerProcess.start(dataDir);
  const made = await first.credentials();
  expect(Object.keys(made).sort()).toEqual([
    'agentId',
    'guestKey',
    'mongodbUri',
    'publishableKey',
    'secretKey',
    'teamId',
    'url',
    'webKey',
  ]);
  expect(made.url).toBe(first.url);
  expect((await stat(join(dataDir, 'credentials.json'))).mode & 0o777).toBe(0o600);
  expect(first.stderr).toContain(join(dataDir, 'credentials.json'));
  const guest = await call({ url: first.url, secretKey: made.guestKey }, 'POST', '/guest', {});
  expect(guest).toMatchObject({ status: 200, body: { userId: expect.stringMatching(/^guest_/) } });
  for (const secretKey of [made.secretKey, made.publishableKey]) {
    const { status, body } = await call({ url: first.url, secretKey }, 'POST', '/chat', {
      agentId: made.agentId,
    });
    expect({ status, teamId: body.teamId }).toEqual({ status: 200, teamId: made.teamId });
  }
  expect((await first.stop()).code).toBe(0);

  const second = await ServerProcess.start(dataDir);
  expect(await second.credentials()).toEqual({ ...made, url: second.url, mongodbUri: expect.any(String) });
  const written = `${first.stderr}${first.stdout}${second.stderr}${second.stdout}`;
  expect(written).not.toMatch(/[ps]k_live_/);
  const { body } = await call({ ...made, url: second.url }, 'GET', '/chat');
  expect(body.chats).toHaveLength(2);
});

test.each([
  [{}, '127.0.0.1'],
  [{ LOG_ADDRESSES: 'network' }, '127.0.0.0/24'],
  [{ LOG_ADDRESSES: 'off' }, undefined],
] as const)('a server that is started with %j logs the address of a client as %s', async (env, logged) => {
  const server = await ServerProcess.start(await temporaryFolder(), { ...env });
  await call(await server.credentials(), 'GET', '/agent');
  const { stdout } = await server.stop();
  const lines = stdout.split('\n').filter((line) => line.includes('"route":"/agent"'));
  expect(lines.map((line) => (JSON.parse(line) as { address?: string }).address)).toEqual([logged]);
});

test('a credentials file without the keys of the chat page and of visitors gets them at the next start', async () => {
  const dataDir = await temporaryFolder();
  const path = join(dataDir, 'credentials.json');
  const first = await ServerProcess.start(dataDir);
  const { webKey, guestKey, ...before } = await first.credentials();
  await first.stop();
  await writeFile(path, JSON.stringify(before));

  const second = await ServerProcess.start(dataDir);
  const made = await second.credentials();
  expect(made).toEqual({
    ...before,
    ...{ url: second.url, mongodbUri: expect.any(String) },
    webKey: expect.stringMatching(/^pk_live_/),
    guestKey: expect.stringMatching(/^pk_live_/),
  });
  expect([made.webKey, made.guestKey]).not.toEqual([webKey, guestKey]);
  expect((await call({ ...made, secretKey: made.guestKey }, 'POST', '/guest', {})).status).toBe(200);
  const { body } = await call({ ...made, url: second.url }, 'GET', '/key');
  expect(body.keys).toContainEqual(
    expect.objectContaining({
      name: 'Chat page',
      access: 'verified',
      visibleStart: made.webKey.slice(0, 12),
    }),
  );
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a missing credentials file creates nothing, and the start page names the command that creates keys', async () => {
  const dataDir = await temporaryFolder();
  const first = await ServerProcess.start(dataDir);
  const { teamId } = await first.credentials();
  await first.stop();
  await rm(join(dataDir, 'credentials.json'));

  const second = await ServerProcess.start(dataDir);
  expect(second.stderr).toContain(`npm run -s admin -- key create --team ${teamId} --kind secret`);
  await expect(second.credentials()).rejects.toThrow('ENOENT');
});

test('a message without a model returns how to set one up, and stores nothing', async () => {
  const server = await ServerProcess.start(await temporaryFolder());
  const credentials = await server.credentials();
  const { body: chat } = await call(credentials, 'POST', '/chat', { agentId: credentials.agentId });
  const message = { content: 'Hi', role: 'user' };
  const rejected = await call(credentials, 'POST', `/chat/${chat.id}/message`, message);
  expect(rejected).toMatchObject({ status: 503, body: { code: 'model_not_configured' } });
  expect(rejected.body.message).toContain('OPENAI_API_KEY');
  const { body } = await call(credentials, 'GET', `/chat/${chat.id}/message`);
  expect(body).toEqual({ messages: [] });
});

test('a compatible server without OPENAI_MODEL provides its first model', async () => {
  const model = await startScriptedModel();
  onTestFinished(() => model.stop());
  const server = await ServerProcess.start(await temporaryFolder(), { OPENAI_BASE_URL: model.baseUrl });
  await server.said('The model is ');
  const credentials = await server.credentials();
  const { body: chat } = await call(credentials, 'POST', '/chat', { agentId: credentials.agentId });
  const answered = await call(credentials, 'POST', `/chat/${chat.id}/message`, {
    content: 'Hi',
    role: 'user',
  });
  expect(answered).toMatchObject({ status: 200, body: { role: 'assistant', status: 'completed' } });
});

test.each([
  [{ PORT: 'eighty' }, 'PORT'],
  [{ MONGODB_URI: 'http://example.org' }, 'MONGODB_URI: must start with mongodb://'],
  [{ LOCAL_MODEL: 'maybe' }, 'LOCAL_MODEL: must be on or off'],
])('an invalid environment is named: %o', async (env, sentence) => {
  const server = await ServerProcess.spawn(await temporaryFolder(), env as unknown as Record<string, string>);
  const { code, stderr } = await server.exited;
  expect(code).toBe(1);
  expect(stderr).toContain('The environment cannot be used');
  expect(stderr).toContain(sentence);
  expect(stderr).not.toContain('at file:');
});

test('a used port is named, and all started processes are ended', async () => {
  const first = await ServerProcess.start(await temporaryFolder());
  const port = new URL(first.url).port;
  const dataDir = await temporaryFolder();
  const second = await ServerProcess.spawn(dataDir, { PORT: port });
  const { code, stderr } = await second.exited;
  expect(code).toBe(1);
  expect(stderr).toContain(`Port ${port} is taken`);
  await expect(readFile(join(dataDir, 'credentials.json'), 'utf8')).resolves.toContain('secretKey');
});

test('a server whose model is unreachable starts and says so in the terminal, the log and /readyz', async () => {
  const env = { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1', OPENAI_MODEL: 'a-model' };
  const server = await ServerProcess.start(await temporaryFolder(), env);
  await expect
    .poll(() => server.stderr)
    .toContain("The model cannot be used. The model's server cannot be reached");
  await expect.poll(() => server.stdout).toContain('"code":"model_unreachable"');
  const ready = await fetch(`${server.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    expect.objectContaining({ notices: [expect.objectContaining({ code: 'model_unreachable' })] }),
  ]);
  expect((await server.stop()).code).toBe(0);
});
