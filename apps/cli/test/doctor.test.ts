import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from '../../server/test/harness.ts';
import { runParley } from './support/run-parley.ts';

const { url, model, makeTeam, composition, mongo, startReplica } = await startHarness();
const team = await makeTeam();
const env = { PARLEY_URL: url, PARLEY_KEY: team.secretKey };

/** Runs the checks and returns their results by name. */
async function examine(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const { code, stdout } = await runParley(['doctor', '--json', ...args], { env: { ...env, ...more } });
  const { checks } = JSON.parse(stdout);
  const found = Object.fromEntries(checks.map(({ name, status }: Record<string, string>) => [name, status]));
  return { code, found, checks, stdout };
}

test('all checks pass on a healthy server, and --deep leaves no chat behind', async () => {
  const { code, found } = await examine(['--deep']);
  expect(found).toEqual({
    server: 'ok',
    clock: 'ok',
    ready: 'ok',
    database: 'ok',
    indexes: 'ok',
    version: 'ok',
    key: 'ok',
    config: 'ok',
    agents: 'ok',
    model: 'ok',
  });
  expect(code).toBe(0);
  expect((await team.trpc.chat.list.query({})).chats).toEqual([]);
});

test('warns about a proxy that TRUST_PROXY does not name', async () => {
  const other = await startReplica();
  await fetch(`${other.url}/agent`, { headers: { 'x-forwarded-for': '203.0.113.1' } });
  const { code, found, checks } = await examine([], { PARLEY_URL: other.url });
  expect({ code, proxy: found['proxy'] }).toEqual({ code: 0, proxy: 'warn' });
  expect(checks.find(({ name }: { name: string }) => name === 'proxy').detail).toContain('TRUST_PROXY');
});

test('reports why the server cannot use the model, as its newest answer showed', async () => {
  const other = await startReplica();
  model.replyTo('no key', scripts.status(401));
  const { id } = await team.makeChat();
  await fetch(`${other.url}/chat/${id}/message`, {
    method: 'POST',
    headers: { 'x-api-key': team.secretKey, 'content-type': 'application/json' },
    body: JSON.stringify({ content: 'no key', role: 'user' }),
  });
  const { code, checks } = await examine([], { PARLEY_URL: other.url });
  const found = checks.find(({ name }: { name: string }) => name === 'model server');
  expect([code, found]).toEqual([1, expect.objectContaining({ status: 'fail' })]);
  expect(found.detail).toContain('OPENAI_API_KEY');
});

test('reports a missing index until a server has built it', async () => {
  // Only the holder of this lease builds indexes, so the test holds it.
  const lease = { _id: 'maintenance', token: 'held by the test', renewals: 0 };
  await mongo.raw.collection<{ _id: string }>('leases').insertOne(lease);
  const usage = mongo.raw.collection('usage');
  const names = (await usage.listIndexes().toArray()).map(({ name }) => String(name));
  await usage.dropIndex(names.find((name) => name !== '_id_') ?? '');
  // A server caches the result for a minute, so ask another one.
  const other = await startReplica();
  const { found, checks } = await examine([], { PARLEY_URL: other.url });
  expect(found).toMatchObject({ ready: 'ok', indexes: 'fail' });
  expect(checks.find(({ name }: { name: string }) => name === 'indexes').detail).toContain('1 missing');
});

test('prints a line for each check and the fix of a failed one', async () => {
  const { code, stdout } = await runParley(['doctor'], { env: { ...env, PARLEY_KEY: 'sk_live_wrong' } });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ok {4}server {4}http:\/\/127\.0\.0\.1:\d+ answers in \d+ ms$/m);
  expect(stdout).toMatch(
    /^fail {2}key {7}the secret key of PARLEY_KEY was rejected: unauthorized: .*\n +→ Log in/m,
  );
  expect(stdout).not.toContain('sk_live_wrong');
});

test('runs no other checks if the server is unreachable', async () => {
  const { code, found, checks } = await examine([], { PARLEY_URL: 'http://127.0.0.1:1' });
  expect({ code, found }).toEqual({ code: 1, found: { server: 'fail' } });
  expect(checks[0].fix).toContain('npm start');
});

test('--origin checks the origin like a browser', async () => {
  const origin = 'https://shop.example';
  const { key } = await team.trpc.key.create.mutate({
    kind: 'publishable',
    access: 'open',
    origins: ['https://other.example'],
  });
  expect((await examine(['--origin', origin])).found).toMatchObject({ origin: 'fail' });
  expect((await examine(['--origin', origin], { PARLEY_KEY: key })).found).toMatchObject({ origin: 'fail' });
  expect((await examine(['--origin', origin], { PARLEY_KEY: team.publishableKey })).found).toMatchObject({
    origin: 'ok',
  });
});

test('reports a failing model and a server that is shutting down', async () => {
  model.replyTo('Say hello.', scripts.status(401));
  const { code, found, checks } = await examine(['--deep']);
  expect({ code, model: found['model'] }).toEqual({ code: 1, model: 'fail' });
  expect(checks.at(-1).detail).toContain('model_key_refused');
  await composition.turns.drain(0);
  expect((await examine([])).found).toMatchObject({ server: 'ok', ready: 'fail' });
});
