import { mintEncryptionKey } from '@parley/db';
import { mongo } from 'mongoose';
import { expect, test } from 'vitest';
import {
  admin,
  type Credentials,
  call,
  mongodPid,
  ServerProcess,
  temporaryFolder,
} from './server-process.ts';

async function makeChat(credentials: Credentials): Promise<string> {
  const { body } = await call(credentials, 'POST', '/chat', {
    agentId: credentials.agentId,
    userId: '00123',
  });
  return body.id;
}

async function chatIds(credentials: Credentials): Promise<string[]> {
  const { body } = await call(credentials, 'GET', '/chat');
  return body.chats.map(({ id }: { id: string }) => id);
}

/** Polls until the response has this status, because no event announces the recovery. */
async function untilStatus(credentials: Credentials, status: number): Promise<void> {
  for (;;) {
    const answer = await call(credentials, 'GET', '/chat');
    if (answer.status === status) return;
  }
}

test('SIGTERM ends the server and its database, with exit code 0', async () => {
  const dataDir = await temporaryFolder();
  const server = await ServerProcess.start(dataDir);
  expect(await mongodPid(dataDir)).toBeTypeOf('number');
  expect((await server.stop()).code).toBe(0);
  expect(await mongodPid(dataDir)).toBeUndefined();
});

test('a closed output pipe neither stops the server nor prevents it from stopping', async () => {
  const dataDir = await temporaryFolder();
  const server = await ServerProcess.start(dataDir);
  server.child.stdout?.destroy();
  server.child.stderr?.destroy();
  expect((await call(await server.credentials(), 'GET', '/chat')).status).toBe(200);
  expect((await server.stop()).code).toBe(0);
  expect(await mongodPid(dataDir)).toBeUndefined();
});

test('acknowledged messages survive kill -9 of all processes', async () => {
  const dataDir = await temporaryFolder();
  const first = await ServerProcess.start(dataDir);
  const id = await makeChat(await first.credentials());
  await first.killAll((await mongodPid(dataDir)) ?? 0);

  const second = await ServerProcess.start(dataDir);
  expect(await chatIds(await second.credentials())).toEqual([id]);
});

test('a start after kill -9 of the server takes over the data folder', async () => {
  const dataDir = await temporaryFolder();
  const first = await ServerProcess.start(dataDir);
  const id = await makeChat(await first.credentials());
  await first.killAlone();

  const second = await ServerProcess.start(dataDir);
  expect(await chatIds(await second.credentials())).toEqual([id]);
  await second.stop();
  expect(await mongodPid(dataDir)).toBeUndefined();
});

test('a folder that a running server uses is rejected with an error', async () => {
  const dataDir = await temporaryFolder();
  const first = await ServerProcess.start(dataDir);
  const second = await ServerProcess.spawn(dataDir);
  const { code, stderr } = await second.exited;
  expect(code).toBe(1);
  expect(stderr).toContain(`Another server (process ${await first.pid()}) already uses the folder`);
  expect((await call(await first.credentials(), 'GET', '/chat')).status).toBe(200);
});

test('a database that ends while the server runs returns 503 until it has restarted', async () => {
  const dataDir = await temporaryFolder();
  const server = await ServerProcess.start(dataDir);
  const credentials = await server.credentials();
  const id = await makeChat(credentials);
  process.kill((await mongodPid(dataDir)) ?? 0, 'SIGKILL');
  await server.said('starting it again');
  await untilStatus(credentials, 200);
  expect(await chatIds(credentials)).toEqual([id]);
});

test('an unreachable database at the start is one clear error', async () => {
  const env = { MONGODB_URI: 'mongodb://someone:hunter2@127.0.0.1:9/parley' };
  const server = await ServerProcess.spawn(await temporaryFolder(), env);
  const { code, stderr } = await server.exited;
  expect(code).toBe(1);
  expect(stderr).toContain('MongoDB at 127.0.0.1:9 cannot be used');
  expect(stderr).not.toContain('hunter2');
});

test.each([
  'mongodb://parley:Sup/er-secret@127.0.0.1:9/x',
  'mongodb://parley:Sup@er-secret@127.0.0.1:9/x',
  'mongodb://parley:Sup@er:sec/ret@127.0.0.1:9/x',
])('no part of a password is printed when the address has it in a wrong form: %s', async (uri) => {
  const server = await ServerProcess.spawn(await temporaryFolder(), { MONGODB_URI: uri });
  const { code, stderr } = await server.exited;
  expect(code).toBe(1);
  expect(stderr).toContain('MongoDB at 127.0.0.1:9 cannot be used');
  expect(stderr).not.toMatch(/Sup|secret|ret@/);
});

test('one of two servers that start on an empty database creates the first team', async () => {
  const home = await ServerProcess.start(await temporaryFolder());
  const { mongodbUri } = await home.credentials();
  const env = { MONGODB_URI: mongodbUri.replace('/?', '/replicas?'), ENCRYPTION_KEY: mintEncryptionKey() };
  const replicas = await Promise.all([
    ServerProcess.start(await temporaryFolder(), env),
    ServerProcess.start(await temporaryFolder(), env),
  ]);
  const made = replicas.filter(({ stderr }) => stderr.includes('Made for you'));
  expect(made).toHaveLength(1);
  const credentials = await made[0]?.credentials();
  for (const { url } of replicas) {
    const answer = await call({ url, secretKey: credentials?.secretKey ?? '' }, 'GET', '/agent');
    expect(answer).toMatchObject({ status: 200, body: { agents: [{ id: credentials?.agentId }] } });
  }
});

test('the embedded database requires its password, which the commands find', async () => {
  const dataDir = await temporaryFolder();
  const server = await ServerProcess.start(dataDir);
  const { mongodbUri } = await server.credentials();
  const rejected = async (uri: string) => {
    const client = new mongo.MongoClient(uri, { serverSelectionTimeoutMS: 10_000 });
    try {
      return await client.db('parley').collection('keys').findOne();
    } catch (error) {
      return error instanceof mongo.MongoServerError ? error.codeName : String(error);
    } finally {
      await client.close();
    }
  };
  expect(await rejected(mongodbUri.replace(/\/\/[^@]+@/, '//'))).toBe('Unauthorized');
  expect(await rejected(mongodbUri)).toMatchObject({ hash: expect.any(String) });
  expect(server.stderr + server.stdout).not.toContain(mongodbUri);
  const { teams } = JSON.parse((await admin(dataDir, ['team', 'list'])).stdout);
  expect(teams).toHaveLength(1);
});
