import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, MongoClient, type MongoServerError } from 'mongodb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runCommand } from '../run-command.ts';
import { testCacheDir } from '../testing/test-mongo.ts';
import { commandLineOf } from './command-line.ts';
import { findMongod } from './find-mongod.ts';
import { freePort, untilListening } from './free-port.ts';
import { type EmbeddedMongo, type StartMongoOptions, startMongo } from './start-mongo.ts';

let root: string;
let dataDir: string;
let lines: string[];
const cleanUps: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-mongo-'));
  dataDir = join(root, 'data');
  lines = [];
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
});

const { exitCode: canFollow } = await runCommand('setpriv', ['--pdeathsig', 'TERM', 'true'], {
  timeoutMs: 10_000,
});

describe('acknowledged writes', () => {
  test('acknowledged writes survive a stop and a start, at the same address', async () => {
    const first = await start();
    await insert(first, { text: 'kept' });
    await first.stop();
    expect(await first.exited).toEqual({ code: 0, signal: null, errorText: '' });
    const second = await start();
    expect(second.uri).toBe(first.uri);
    expect(await textsIn(second)).toEqual(['kept']);
  });

  test('acknowledged writes survive a kill -9 of the database', async () => {
    const first = await start();
    await insert(first, { text: 'kept' });
    process.kill(first.pid, 'SIGKILL');
    expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
    const second = await start();
    expect(await textsIn(second)).toEqual(['kept']);
  });

  test('acknowledged writes survive a kill -9 of the whole process group and the database, in the middle of writing', async () => {
    const { owner, mongod } = await startOwner();
    owner.send('write');
    const acknowledged: number[] = [];
    await new Promise<void>((resolve) => {
      owner.on('message', (message: { acknowledged: number }) => {
        acknowledged.push(message.acknowledged);
        if (acknowledged.length === 20) resolve();
      });
    });
    process.kill(-Number(owner.pid), 'SIGKILL');
    process.kill(mongod.pid, 'SIGKILL');
    await once(owner, 'exit');
    const mongo = await start();
    const numbers = await withClient(mongo, (client) =>
      client.db('owner').collection('numbers').distinct('number'),
    );
    expect(numbers).toEqual(expect.arrayContaining(acknowledged));
  });
});

describe('a database left behind', () => {
  test('a database left behind is stopped in order before its folder is used again', async () => {
    const first = await start();
    await insert(first, { text: 'first' });
    await first.stop();
    const leftover = await spawnLeftover(first);
    await withClient({ uri: `mongodb://127.0.0.1:${first.port}/?directConnection=true` }, (client) =>
      client.db('test').collection('notes').insertOne({ text: 'through the leftover' }),
    );
    const second = await start();
    expect(await isRunning(leftover)).toBe(false);
    expect(lines).toContain(`Stopping the MongoDB an earlier run left behind (process ${leftover.pid}) …`);
    expect(await textsIn(second)).toEqual(['first', 'through the leftover']);
  });

  test('a database left behind is recognised when the folder is named by a link', async () => {
    const first = await start();
    await first.stop();
    const leftover = await spawnLeftover(first);
    const link = join(root, 'link');
    await symlink(dataDir, link);
    await start({ dataDir: link });
    expect(await isRunning(leftover)).toBe(false);
  });

  test('a database left behind by a killed server does not prevent the next start', async () => {
    const { owner, mongod } = await startOwner();
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const mongo = await start();
    expect(mongo.pid).not.toBe(mongod.pid);
    expect(await isRunning(mongod)).toBe(false);
  });

  test.skipIf(canFollow !== 0)(
    'a database left behind ends by itself where the kernel supports it',
    async () => {
      const { owner, mongod } = await startOwner();
      owner.kill('SIGKILL');
      await expect.poll(() => isRunning(mongod), { timeout: 20_000 }).toBe(false);
      // An empty file shows that mongod stopped in order, because mongod empties it last.
      expect(await readFile(join(dataDir, 'db', 'mongod.lock'), 'utf8')).toBe('');
    },
  );

  test('a database left behind is not confused with another process that has its pid now', async () => {
    const bystander = spawn('sleep', ['120']);
    cleanUps.push(async () => bystander.kill('SIGKILL'));
    await once(bystander, 'spawn');
    await mkdir(join(dataDir, 'db'), { recursive: true });
    await writeFile(join(dataDir, 'db', 'mongod.lock'), `${bystander.pid}\n`);
    await start();
    expect(await isRunning({ pid: Number(bystander.pid) })).toBe(true);
    expect(lines).not.toContainEqual(expect.stringContaining('left behind'));
  });
});

describe('stopping', () => {
  test('Ctrl-C reaches only the server, which can still write and then stops its database in order', async () => {
    const { owner } = await startOwner();
    process.kill(-Number(owner.pid), 'SIGINT');
    const [message] = await once(owner, 'message');
    expect(message).toEqual({ wroteAfterSignal: true, exit: { code: 0, signal: null, errorText: '' } });
  });

  test('a server that exits without stopping its database ends it', async () => {
    const { owner, mongod } = await startOwner();
    owner.send('exit');
    await once(owner, 'exit');
    await expect.poll(() => isRunning(mongod), { timeout: 20_000 }).toBe(false);
  });

  test('a database that does not react is ended by force after the time limit', async () => {
    const mongo = await start({ stopTimeoutMs: 200 });
    process.kill(mongo.pid, 'SIGSTOP');
    await mongo.stop();
    expect(await mongo.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  test('an abort during the start leaves nothing running', async () => {
    const controller = new AbortController();
    const starting = start({ signal: controller.signal });
    await untilLogged('"Starting TCP"|"MongoDB starting"|"Opening WiredTiger"');
    controller.abort(new Error('no longer wanted'));
    await expect(starting).rejects.toThrow('no longer wanted');
    await start();
    expect(lines).toEqual([]);
  });
});

describe('access', () => {
  const uriWithoutPassword = ({ port }: EmbeddedMongo) =>
    `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const codeOf = (uri: string, command: Document) =>
    withClient({ uri }, (client) =>
      client
        .db('admin')
        .command(command)
        .then(
          () => 'done',
          (error: MongoServerError) => error.codeName,
        ),
    );
  const keyIn = async () => (await readFile(join(dataDir, 'mongod.key'), 'utf8')).trim();

  test('a client without the password can neither read nor create a user', async () => {
    const mongo = await start();
    await insert(mongo, { text: 'kept' });
    const uri = uriWithoutPassword(mongo);
    expect(await codeOf(uri, { find: 'notes', $db: 'test' })).toBe('Unauthorized');
    expect(await codeOf(uri, { createUser: 'me', pwd: 'x', roles: ['root'] })).toBe('Unauthorized');
    expect(await codeOf(uri, { shutdown: 1 })).toBe('Unauthorized');
    const wrong = mongo.uri.replace(/:[^:@]+@/, ':wrong@');
    expect(await codeOf(wrong, { ping: 1 })).toBe('AuthenticationFailed');
  });

  test('the address stays valid after a restart, also after a kill -9', async () => {
    const first = await start();
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await start();
    expect(second.uri).toBe(first.uri);
    expect(await codeOf(first.uri, { ping: 1 })).toBe('done');
  });

  test('only the owner can read the folder and its key', async () => {
    await start();
    const modes = await Promise.all(
      ['.', 'db', 'mongod.key', 'mongod.log'].map(
        async (name) => (await stat(join(dataDir, name))).mode & 0o777,
      ),
    );
    expect(modes).toEqual([0o700, 0o700, 0o600, 0o600]);
  });

  test('data of a release without database users gets a user and keeps its documents', async () => {
    const leftover = await startAsBefore();
    await withClient(leftover, (client) => client.db('test').collection('notes').insertOne({ text: 'old' }));
    await leftover.kill();
    const mongo = await start();
    expect(await textsIn(mongo)).toEqual(['old']);
    expect(await codeOf(uriWithoutPassword(mongo), { find: 'notes', $db: 'test' })).toBe('Unauthorized');
  });

  test('the next start creates the user when a killed start did not', async () => {
    const first = await start();
    await insert(first, { text: 'kept' });
    const asSystem = first.uri
      .replace(/\/\/[^@]+@/, `//__system:${encodeURIComponent(await keyIn())}@`)
      .replace('authSource=admin', 'authSource=local');
    expect(await codeOf(asSystem, { dropUser: 'parley', writeConcern: { w: 'majority' } })).toBe('done');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    expect(await textsIn(await start())).toEqual(['kept']);
  });

  test('data whose key is lost or incomplete gets a new key', async () => {
    const first = await start();
    await insert(first, { text: 'kept' });
    await first.stop();
    await writeFile(join(dataDir, 'mongod.key'), 'half');
    const second = await start();
    expect(await textsIn(second)).toEqual(['kept']);
    expect(await codeOf(first.uri, { ping: 1 })).toBe('AuthenticationFailed');
  });

  test.skipIf(process.platform !== 'linux')(
    'the process of the database has none of the server’s secrets in its environment',
    async () => {
      vi.stubEnv('OPENAI_API_KEY', 'sk-canary');
      vi.stubEnv('MY_OWN_TOKEN', 'canary');
      const mongo = await start();
      const environment = await readFile(`/proc/${mongo.pid}/environ`, 'utf8');
      expect(environment).toContain('PATH=');
      expect(environment).not.toContain('canary');
      const names = environment.split('\0').map((entry) => entry.split('=')[0]);
      expect(names).not.toContain('OPENAI_API_KEY');
      vi.unstubAllEnvs();
    },
  );
});

describe('the port', () => {
  test('the port is another one when the last is in use, and the data is kept', async () => {
    const first = await start();
    await insert(first, { text: 'kept' });
    await first.stop();
    await occupy(first.port);
    const second = await start();
    expect(second.port).not.toBe(first.port);
    expect(await textsIn(second)).toEqual(['kept']);
    await insert(second, { text: 'written after the move' });
  });

  test('the port is rejected when it was requested and is in use', async () => {
    const port = await occupy(0);
    await expect(start({ port })).rejects.toThrow(
      `MongoDB cannot listen on port ${port}: another program does.`,
    );
  });
});

test('transactions and change streams work', async () => {
  const mongo = await start();
  await withClient(mongo, async (client) => {
    const notes = client.db('test').collection('notes');
    await notes.insertOne({ text: 'before' });
    const changes = notes.watch();
    const change = changes.next();
    await client.withSession((session) =>
      session.withTransaction(() => notes.insertOne({ text: 'in a transaction' }, { session })),
    );
    expect(await change).toMatchObject({
      operationType: 'insert',
      fullDocument: { text: 'in a transaction' },
    });
    await changes.close();
  });
});

test('damaged data is rejected with MongoDB’s own error', async () => {
  const first = await start();
  await first.stop();
  await writeFile(join(dataDir, 'db', 'WiredTiger.wt'), 'no database at all');
  const startedAt = performance.now();
  await expect(start()).rejects.toThrow(
    /^MongoDB did not start: .*WiredTiger\.wt.*--repair.* Its log: .*mongod\.log$/,
  );
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

async function start(options: Partial<StartMongoOptions> = {}): Promise<EmbeddedMongo> {
  const onProgress = (line: string) => void lines.push(line);
  const mongo = await startMongo({ dataDir, cacheDir: testCacheDir, onProgress, ...options });
  cleanUps.push(mongo.stop);
  return mongo;
}

interface RunningMongod {
  readonly pid: number;
}

async function isRunning({ pid }: RunningMongod): Promise<boolean> {
  return (await commandLineOf(pid)) !== undefined;
}

async function startOwner(): Promise<{ owner: ChildProcess; mongod: RunningMongod }> {
  const script = new URL('../testing/mongo-owner.ts', import.meta.url);
  const options = JSON.stringify({ dataDir, cacheDir: testCacheDir });
  const owner = fork(script, [options], { detached: true });
  cleanUps.push(() => killed(owner));
  const [{ pid }] = await once(owner, 'message');
  const mongod = { pid };
  if (!(await isRunning(mongod))) throw new Error('The owner’s mongod has ended already.');
  cleanUps.push(async () => (await isRunning(mongod)) && process.kill(pid, 'SIGKILL'));
  return { owner, mongod };
}

/** A mongod on the folder as release 0.1.0 ran it: without access control. */
async function startAsBefore(): Promise<{ uri: string; kill(): Promise<void> }> {
  const { binary, libraryPath } = await findMongod({ cacheDir: testCacheDir, onProgress: () => undefined });
  await mkdir(join(dataDir, 'db'), { recursive: true });
  const port = await freePort();
  const args = ['--dbpath', join(dataDir, 'db'), '--port', String(port), '--bind_ip', '127.0.0.1'];
  const env = { ...process.env, ...(libraryPath !== undefined && { LD_LIBRARY_PATH: libraryPath }) };
  const child = spawn(binary, [...args, '--replSet', 'parley'], { detached: true, stdio: 'ignore', env });
  cleanUps.push(() => killed(child));
  await untilListening(port, AbortSignal.timeout(30_000));
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
  await withClient({ uri }, async (client) => {
    const admin = client.db('admin');
    await admin.command({ replSetInitiate: { _id: 'parley', members } });
    const isPrimary = async () => (await admin.command({ hello: 1 }))['isWritablePrimary'];
    await expect.poll(isPrimary, { timeout: 20_000 }).toBe(true);
  });
  return { uri, kill: () => killed(child) };
}

/** A leftover mongod of a killed server, on a system whose kernel does not end children with their parent. */
async function spawnLeftover({ port }: EmbeddedMongo): Promise<RunningMongod> {
  const { binary } = JSON.parse(await readFile(join(dataDir, 'mongod.json'), 'utf8'));
  const args = ['--dbpath', join(dataDir, 'db'), '--port', String(port), '--bind_ip', '127.0.0.1'];
  const child = spawn(binary, [...args, '--replSet', 'parley'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  cleanUps.push(() => killed(child));
  await untilListening(port, AbortSignal.timeout(30_000));
  const leftover = { pid: Number(child.pid) };
  if (!(await isRunning(leftover))) throw new Error('The leftover did not start.');
  return leftover;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function occupy(port: number): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function untilLogged(pattern: string): Promise<void> {
  const log = () => readFile(join(dataDir, 'mongod.log'), 'utf8').catch(() => '');
  await expect.poll(log, { timeout: 20_000, interval: 5 }).toMatch(new RegExp(pattern));
}

async function withClient<Result>(
  { uri }: { uri: string },
  use: (client: MongoClient) => Promise<Result>,
): Promise<Result> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

function insert(mongo: EmbeddedMongo, document: { text: string }): Promise<unknown> {
  const writeConcern = { w: 'majority', journal: true } as const;
  return withClient(mongo, (client) =>
    client.db('test').collection('notes').insertOne(document, { writeConcern }),
  );
}

async function textsIn(mongo: EmbeddedMongo): Promise<unknown[]> {
  const notes = await withClient(mongo, (client) =>
    client.db('test').collection('notes').find().sort({ _id: 1 }).toArray(),
  );
  return notes.map((note) => note['text']);
}
