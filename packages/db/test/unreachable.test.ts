import { ApiError, type ErrorCode, mintId } from '@parley/contract';
import { describe, test } from 'vitest';
import { connectDatabase, mintApiKey, type Stores } from '../src/index.ts';
import { inScope, startTcpProxy } from '../src/testing/index.ts';
import { leaseOf, newChat, newScope, newTurn } from './examples.ts';
import { startDatabase } from './start-database.ts';

/** "Within seconds", with a reserve for a busy machine. */
const SECONDS = 11_000;

const db = await startDatabase('unreachable');
const scope = newScope();

/** A proxy to the database that the test can hang, cut and close. */
async function openWay(onTestFinished: (end: () => void) => void) {
  const url = new URL(db.uri);
  const proxy = await startTcpProxy(Number(url.port));
  onTestFinished(() => proxy.stop());
  url.port = String(proxy.port);
  return { proxy, uri: url.href };
}

/** The same, with a connection over it. */
async function connectOverWay(onTestFinished: (end: () => void | Promise<void>) => void) {
  const { proxy, uri } = await openWay(onTestFinished);
  const database = await connectDatabase(uri);
  onTestFinished(() => database.close());
  return { proxy, database };
}

/** The error of a rejected call, and the time it took. */
async function apiErrorOf(call: Promise<unknown>): Promise<{ code: ErrorCode | undefined; soon: boolean }> {
  const started = performance.now();
  const error = await call.then(
    () => 'answered',
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error('expected an ApiError', { cause: error });
  return { code: error.code, soon: performance.now() - started < SECONDS };
}

const unavailable = { code: 'database_unavailable', soon: true };

/** One database call of every store. */
function oneCallOfEach({
  teams,
  apiKeys,
  agents,
  chats,
  messages,
  turns,
  turnLog,
}: Stores): Promise<unknown>[] {
  const chat = mintId('chat');
  const turn = mintId('turn');
  return [
    teams.findFirst(),
    apiKeys.find(mintApiKey('secret')),
    agents.find(scope, mintId('agent')),
    chats.create(scope, { agent: mintId('agent'), agentType: 't' }),
    chats.find(scope, chat),
    chats.createOnce(scope, { agent: mintId('agent'), agentType: 't' }, { key: mintId('request'), body: '' }),
    chats.markDeleted(scope, chat),
    messages.list(inScope(scope, chat), { limit: 10, order: 'asc' }),
    turns.tail(inScope(scope, chat)),
    turns.insert(inScope(scope, chat), newTurn(chat, 1)),
    turns.readRunContext(scope, chat, 2, 10),
    turns.claim(scope, turn, 't'),
    turns.renew([{ turn, token: 't' }]),
    turns.end(scope, turn, 't', { status: 'failed', textBytes: 0 }),
    turns.remove(scope, turn),
    turns.cancel(inScope(scope, chat), turn),
    turns.listMarks([turn]),
    turns.findByIdempotencyKey(inScope(scope, chat), 'key'),
    turnLog.append([{ turn, team: scope.team, attempt: 1, to: 1, text: 'x' }]),
    turnLog.read(scope, turn, 1, 0),
  ];
}

// These tests mostly wait, so they run concurrently.
describe.concurrent('a database that is unreachable at the start', () => {
  test('connecting to a database that rejects connections fails within seconds', async ({
    expect,
    onTestFinished,
  }) => {
    const { proxy, uri } = await openWay(onTestFinished);
    proxy.refuse();
    expect(await apiErrorOf(connectDatabase(uri))).toEqual(unavailable);
  });

  test('connecting to a database that never answers fails within seconds', async ({
    expect,
    onTestFinished,
  }) => {
    const { proxy, uri } = await openWay(onTestFinished);
    proxy.treat({ requests: 'swallow' });
    expect(await apiErrorOf(connectDatabase(uri))).toEqual(unavailable);
    proxy.cut();
  });

  test('connecting to a database that stops answering during the start fails within seconds', async ({
    expect,
    onTestFinished,
  }) => {
    const { proxy, uri } = await openWay(onTestFinished);
    const connecting = connectDatabase(uri);
    proxy.treat({ replies: 'swallow' });
    expect(await apiErrorOf(connecting)).toEqual(unavailable);
  });
});

describe.concurrent('later', () => {
  test('every call is rejected while the database is unreachable, and works again afterwards', async ({
    expect,
    onTestFinished,
  }) => {
    const { proxy, database } = await connectOverWay(onTestFinished);
    expect(await database.isReachable()).toBe(true);
    proxy.refuse();
    proxy.cut();
    const calls = oneCallOfEach(database.stores);
    expect(await Promise.all(calls.map(apiErrorOf))).toEqual(calls.map(() => unavailable));
    expect(await database.isReachable()).toBe(false);
    await proxy.listen();
    await expect.poll(() => database.isReachable(), { timeout: 30_000 }).toBe(true);
    expect(await database.stores.chats.find(scope, mintId('chat'))).toBeUndefined();
  });

  test('every call is rejected when sockets hang, however many calls there are', async ({
    expect,
    onTestFinished,
  }) => {
    const { proxy, database } = await connectOverWay(onTestFinished);
    proxy.treat({ replies: 'swallow' });
    const many = Array.from({ length: 20 }, () => oneCallOfEach(database.stores)).flat();
    expect(many.length).toBeGreaterThan(200);
    const reachable = database.isReachable();
    expect(await Promise.all(many.map(apiErrorOf))).toEqual(many.map(() => unavailable));
    expect(await reachable).toBe(false);
    // The driver keeps two more connections to monitor the server.
    expect(proxy.connections).toBeLessThanOrEqual(102);
    proxy.treat({ replies: 'forward' });
    proxy.cut();
    await expect.poll(() => database.isReachable(), { timeout: 30_000 }).toBe(true);
  });

  test('a lost acknowledgement leads to no second turn, because the repeated write is recognized', async ({
    expect,
    onTestFinished,
  }) => {
    const { proxy, database } = await connectOverWay(onTestFinished);
    const chat = await newChat(db.stores, scope);
    const turn = newTurn(chat, 1, { lease: leaseOf('t') });
    proxy.treat({ replies: 'swallow' });
    const inserting = database.stores.turns.insert(inScope(scope, turn.chat), turn);
    await expect
      .poll(() => db.stores.turns.find(inScope(scope, turn.chat), turn.id), { timeout: 30_000 })
      .toBeDefined();
    proxy.treat({ replies: 'forward' });
    proxy.cut();
    expect(await inserting).toBe('inserted');
    expect(await db.raw.collection('turns').countDocuments({ chat })).toBe(1);
  });

  test('every call after closing the connection is rejected', async ({ expect, onTestFinished }) => {
    const { database } = await connectOverWay(onTestFinished);
    await database.close();
    const calls = oneCallOfEach(database.stores);
    expect(await Promise.all(calls.map(apiErrorOf))).toEqual(calls.map(() => unavailable));
    expect(await database.isReachable()).toBe(false);
  });

  test('an error in a call is not reported as an unreachable database', async ({
    expect,
    onTestFinished,
  }) => {
    const { database } = await connectOverWay(onTestFinished);
    const team = { id: mintId('team'), name: 'n' };
    await database.stores.teams.create(team);
    await expect(database.stores.teams.create(team)).rejects.not.toBeInstanceOf(ApiError);
  });
});
