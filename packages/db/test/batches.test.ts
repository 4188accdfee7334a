import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import { mintId } from '@parley/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDatabase, type Database, type Stores, type TurnEnd } from '../src/index.ts';
import { inScope, startTcpProxy } from '../src/testing/index.ts';
import { type AskingTurn, endedTurn, leaseOf, newChat, newScope, newTurn } from './examples.ts';
import { type MongodWithFailPoints, startMongodWithFailPoints } from './mongod-with-fail-points.ts';
import { startDatabase } from './start-database.ts';
import { connectWatched } from './watch-commands.ts';

/* Turns and chats that are written and read at the same time share commands; each caller gets its own result. */

const db = await startDatabase('batches');
const watched = await connectWatched(db.uri);
const stores = watched.stores;
const one = newScope();
const other = newScope();
const failed: TurnEnd = { status: 'failed', errorCode: 'agent_not_found', textBytes: 1 };
const idempotency = { key: 'k', body: 'b' };

afterAll(() => watched.database.close());

/** The names of the commands that calls sent. */
async function commandsOf(calls: () => Promise<unknown>): Promise<string[]> {
  watched.commands();
  await calls();
  return watched.commands().map(({ name, collection }) => `${name} ${collection}`);
}

const insert = (scope: typeof one, turn: Parameters<Stores['turns']['insert']>[1]) =>
  stores.turns.insert(inScope(scope, turn.chat), turn);

async function runningTurns(count: number, scope = one): Promise<AskingTurn[]> {
  const chats = await Promise.all(Array.from({ length: count }, () => newChat(stores, scope)));
  const turns = chats.map((chat) => newTurn(chat, 1, { lease: leaseOf('mine') }));
  await Promise.all(turns.map((turn) => insert(scope, turn)));
  return turns;
}

describe('inserts of one batch', () => {
  test('one command inserts turns of two teams, and each caller gets the outcome of its own turn', async () => {
    const chat = await newChat(stores, one);
    const theirs = await newChat(stores, other);
    const first = newTurn(chat, 1);
    await insert(one, first);
    await insert(one, newTurn(chat, 2, { idempotency }));
    const third = newTurn(chat, 3);
    const asked = [
      [one, third, 'inserted'],
      [one, newTurn(chat, 1), 'sequence-taken'],
      [one, first, 'inserted'],
      [one, third, 'inserted'],
      [one, newTurn(chat, 3), 'sequence-taken'],
      [one, newTurn(chat, 4, { idempotency }), 'key-taken'],
      [other, newTurn(theirs, 1), 'inserted'],
      [one, newTurn(chat, 5), 'inserted'],
    ] as const;
    const commands = await commandsOf(async () => {
      expect(await Promise.all(asked.map(([scope, turn]) => insert(scope, turn)))).toEqual(
        asked.map(([, , expected]) => expected),
      );
    });
    expect(commands.filter((name) => name === 'insert turns')).toHaveLength(1);
    const stored = await db.raw.collection('turns').find({ chat }).sort({ sequence: 1 }).toArray();
    expect(stored.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 5]);
  });

  test('one of 40 turns with one idempotency key in a batch is inserted', async () => {
    const chat = await newChat(stores, one);
    const all = Array.from({ length: 40 }, () => newTurn(chat, 1, { idempotency }));
    const results = await Promise.all(all.map((turn) => insert(one, turn)));
    expect(results.filter((result) => result === 'inserted')).toHaveLength(1);
    expect(results.filter((result) => result === 'key-taken')).toHaveLength(39);
  });
});

describe('new chats of one batch', () => {
  const agent = mintId('agent');
  const content = { agent, agentType: 't' };

  test('one command inserts chats of two teams, each with its own fields', async () => {
    const commands = await commandsOf(async () => {
      const made = await Promise.all([
        stores.chats.create(one, { ...content, user: 'ann', metadata: { $where: 'x', list: ['$$ROOT'] } }),
        stores.chats.create(other, content),
        stores.chats.create({ ...one, user: 'bob' }, { ...content, user: 'bob' }),
      ]);
      const scopes = [one, other, { ...one, user: 'bob' }];
      for (const [index, scope] of scopes.entries())
        expect((await stores.chats.find(scope, made[index]?.id ?? mintId('chat')))?.chat).toEqual(
          made[index],
        );
    });
    expect(commands.filter((name) => name === 'insert chats')).toHaveLength(1);
  });

  test('one of several requests with one idempotency key in a batch creates a chat, and the others get it', async () => {
    const once = { key: `key ${mintId('request')}`, body: 'b' };
    const [plain, ...made] = await Promise.all([
      stores.chats.create(one, content),
      ...Array.from({ length: 5 }, () => stores.chats.createOnce(one, content, once)),
    ]);
    const ids = made.map((result) => ('replay' in result ? result.replay.chat?.id : result.id));
    expect(new Set(ids).size).toBe(1);
    expect(ids).not.toContain(plain.id);
    expect(made.filter((result) => 'replay' in result)).toHaveLength(4);
  });
});

describe('ends of one batch', () => {
  test('one command ends all turns without a successor', async () => {
    const turns = await runningTurns(20);
    const commands = await commandsOf(async () => {
      const ends = turns.map(({ id }) => stores.turns.end(one, id, 'mine', failed));
      expect(await Promise.all(ends)).toEqual(turns.map(() => ({ result: 'ended', hasSuccessor: false })));
    });
    expect(commands).toEqual(['update turns']);
  });

  test('each caller of a batch of ends gets the outcome of its own turn', async () => {
    const [plain, followed, lost, deleted, again, foreign, waiting] = await runningTurns(7);
    if (!plain || !followed || !lost || !deleted || !again || !foreign || !waiting)
      throw new Error('too few');
    await stores.turns.remove(one, deleted.id);
    await insert(one, newTurn(followed.chat, 2));
    expect(await stores.turns.announceSuccessor(one, followed.chat, 2)).toBe(true);
    await stores.turns.end(one, again.id, 'mine', failed);
    await stores.turns.release(one, waiting.id, 'mine');
    const results = await Promise.all([
      stores.turns.end(one, plain.id, 'mine', failed),
      stores.turns.end(one, plain.id, 'mine', failed),
      stores.turns.end(one, followed.id, 'mine', failed),
      stores.turns.end(one, lost.id, 'not mine', failed),
      stores.turns.end(one, deleted.id, 'mine', failed),
      stores.turns.end(one, again.id, 'mine', failed),
      stores.turns.end(other, foreign.id, 'mine', failed),
      stores.turns.end(one, waiting.id, 'mine', failed),
    ]);
    expect(results).toEqual([
      { result: 'ended', hasSuccessor: false },
      { result: 'ended', hasSuccessor: false },
      { result: 'ended', hasSuccessor: true },
      { result: 'lost' },
      { result: 'deleted', endUnknown: true },
      { result: 'ended', hasSuccessor: false },
      { result: 'deleted', endUnknown: true },
      { result: 'lost' },
    ]);
    const statusOf = async ({ id, chat }: AskingTurn) =>
      (await stores.turns.find(inScope(one, chat), id))?.status;
    expect(await Promise.all([plain, followed, lost, foreign, waiting].map(statusOf))).toEqual([
      'failed',
      'failed',
      'generating',
      'generating',
      'queued',
    ]);
  });

  test('an answer that looks like an expression is stored as it is', async () => {
    const turns = await runningTurns(2);
    const ends = turns.map(({ id, answerId }) =>
      stores.turns.end(one, id, 'mine', {
        status: 'completed',
        answer: { id: answerId, role: 'assistant', content: '$$ROOT', createdAt: new Date() },
        textBytes: 6,
      }),
    );
    await Promise.all(ends);
    for (const { id, chat } of turns)
      expect((await stores.turns.find(inScope(one, chat), id))?.answer?.content).toBe('$$ROOT');
  });
});

describe('reads of one batch', () => {
  test('two teams that ask for the same chat in one batch get only what each may see', async () => {
    const chat = await newChat(stores, one);
    await endedTurn(stores, one, chat, 1);
    const look = (scope: typeof one, sequence: number) =>
      stores.turns.readRunContext(scope, chat, sequence, 1_000);
    const commands = await commandsOf(async () => {
      const [mine, theirs, again] = await Promise.all([look(one, 2), look(other, 2), look(one, 1)]);
      expect(mine?.chat?.chat.id).toBe(chat);
      expect(mine?.history.map(({ content }) => content)).toEqual(['question 1', 'answer 1']);
      expect(theirs).toEqual({ chat: undefined, predecessorEnded: true, textBytesBefore: 0, history: [] });
      expect(again?.chat?.chat.id).toBe(chat);
      expect(again?.history).toEqual([]);
    });
    expect(commands).toEqual(['find chats', 'find turns']);
  });

  test('each look gets the turns of its own chat and range, oldest first', async () => {
    const mine = await newChat(stores, one);
    const theirs = await newChat(stores, other);
    for (let sequence = 1; sequence < 45; sequence++) {
      await endedTurn(stores, one, mine, sequence, `mine ${sequence}`);
      if (sequence < 4) await endedTurn(stores, other, theirs, sequence, `theirs ${sequence}`);
    }
    const answersOf = async (scope: typeof one, chat: typeof mine, sequence: number, bytes: number) => {
      const { history } = await stores.turns.readRunContext(scope, chat, sequence, bytes);
      return history.filter(({ role }) => role === 'assistant').map(({ content }) => content);
    };
    const range = (name: string, from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => `${name} ${from + index}`);
    expect(
      await Promise.all([
        answersOf(one, mine, 45, 100_000),
        answersOf(other, theirs, 3, 100_000),
        answersOf(one, theirs, 4, 100_000),
        answersOf(one, mine, 2, 100_000),
        answersOf(one, mine, 40, 40),
      ]),
    ).toEqual([range('mine', 1, 44), range('theirs', 1, 2), [], ['mine 1'], range('mine', 37, 39)]);
  });

  test('users and keys limited to agents find only their chats, also in one command', async () => {
    const agents = [mintId('agent'), mintId('agent')] as const;
    const made = await Promise.all([
      stores.chats.create(one, { agent: agents[0], agentType: 't', user: 'ann' }),
      stores.chats.create(one, { agent: agents[1], agentType: 't', user: 'bob' }),
      stores.chats.create(other, { agent: agents[0], agentType: 't', user: 'ann' }),
    ]);
    const scopes = [
      one,
      { ...one, user: 'ann' },
      { ...one, user: 'bob' },
      { ...one, agents: [agents[0]] },
      { ...one, user: 'ann', agents: [agents[1]] },
      { ...other, user: 'ann' },
    ];
    const commands = await commandsOf(async () => {
      const found = await Promise.all(
        scopes.map((scope) => Promise.all(made.map(({ id }) => stores.chats.find(scope, id)))),
      );
      expect(found.map((row) => row.map((access) => access !== undefined))).toEqual([
        [true, true, false],
        [true, false, false],
        [false, true, false],
        [true, false, false],
        [false, false, false],
        [false, false, true],
      ]);
      expect(found.flat().map((access) => access?.scope)).toEqual(
        scopes.flatMap((scope, row) => made.map((_, column) => found[row]?.[column] && scope)),
      );
    });
    expect(commands).toEqual(['find chats']);
  });

  test('two lists of different teams share a command, and each shows the messages of its own chat in order', async () => {
    const [mine, theirs, long] = [
      await newChat(stores, one),
      await newChat(stores, other),
      await newChat(stores, one),
    ];
    await endedTurn(stores, one, mine, 1, 'mine');
    await endedTurn(stores, other, theirs, 1, 'theirs');
    for (let sequence = 1; sequence <= 70; sequence++)
      await endedTurn(stores, one, long, sequence, `long ${sequence}`);
    const answersOf = async (scope: typeof one, chat: typeof mine, limit: number) => {
      const { items } = await stores.messages.list(inScope(scope, chat), { limit, order: 'asc' });
      return items.filter(({ role }) => role === 'assistant').map(({ content }) => content);
    };
    const range = (to: number) => Array.from({ length: to }, (_, index) => `long ${index + 1}`);
    const commands = await commandsOf(async () => {
      expect(
        await Promise.all([
          answersOf(one, mine, 100),
          answersOf(other, theirs, 100),
          answersOf(other, mine, 100),
          answersOf(one, long, 20),
          answersOf(one, long, 1_000),
        ]),
      ).toEqual([['mine'], ['theirs'], [], range(10), range(70)]);
    });
    // The others read the rest of the long list, and that nothing follows the short ones.
    expect(commands).toEqual(['find turns', 'find turns', 'find turns']);
  });

  test('a list shows the turns behind a gap in the sequences', async () => {
    const chat = await newChat(stores, one);
    for (const sequence of [1, 2, 60, 61]) await endedTurn(stores, one, chat, sequence, `answer ${sequence}`);
    const { items } = await stores.messages.list(inScope(one, chat), { limit: 1_000, order: 'asc' });
    const answers = items.filter(({ role }) => role === 'assistant').map(({ content }) => content);
    expect(answers).toEqual(['answer 1', 'answer 2', 'answer 60', 'answer 61']);
  });

  test('reading a history whose turns were purged queries them once', async () => {
    const commands = await commandsOf(async () => {
      const view = await stores.turns.readRunContext(one, mintId('chat'), 4_000, 1_000);
      expect(view).toEqual({ chat: undefined, predecessorEnded: true, textBytesBefore: 0, history: [] });
    });
    expect(commands).toEqual(['find chats', 'find turns']);
  });

  test('a call that comes alone sends the plain command', async () => {
    const [turn] = await runningTurns(1);
    if (!turn) throw new Error('no turn');
    watched.commands();
    await stores.turns.end(one, turn.id, 'mine', failed);
    await stores.chats.find(one, turn.chat);
    const [end, find] = watched.commands();
    expect(end?.name).toBe('findAndModify');
    expect(find?.command['filter']).toEqual({ _id: turn.chat, team: one.team });
  });
});

describe('when the database fails', () => {
  let mongod: MongodWithFailPoints;
  let database: Database;

  beforeAll(async () => {
    mongod = await startMongodWithFailPoints();
    database = await connectDatabase(mongod.uri);
  });
  afterAll(async () => {
    await database.close();
    await mongod.stop();
  });

  /** Makes a command fail this many times. */
  const fail = (command: 'insert' | 'update', times: number, how: object) =>
    mongod.client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times },
      data: { failCommands: [command], ...how },
    });
  const insertHere = (turn: AskingTurn) => database.stores.turns.insert(inScope(one, turn.chat), turn);
  /** Turns that run, each in a chat of its own. */
  async function runningHere(count: number): Promise<AskingTurn[]> {
    const turns: AskingTurn[] = [];
    for (let index = 0; index < count; index++)
      turns.push(newTurn(await newChat(database.stores, one), 1, { lease: leaseOf('mine') }));
    for (const turn of turns) await insertHere(turn);
    return turns;
  }
  const endHere = ({ id }: AskingTurn) => database.stores.turns.end(one, id, 'mine', failed);
  const unavailable = { status: 'rejected', reason: { code: 'database_unavailable' } };

  test('a write concern error leaves every item unknown that was not rejected by name', async () => {
    const chat = await newChat(database.stores, one);
    await insertHere(newTurn(chat, 1));
    await fail('insert', 1, {
      writeConcernError: { code: 100, errmsg: 'Not enough data-bearing nodes', errorLabels: [] },
    });
    const results = await Promise.allSettled(
      [2, 1, 3].map((sequence) => insertHere(newTurn(chat, sequence))),
    );
    expect(results).toMatchObject([
      unavailable,
      { status: 'fulfilled', value: 'sequence-taken' },
      unavailable,
    ]);
  });

  test('a write concern error leaves the end of every turn of a batch unknown, and each can be sent again', async () => {
    const turns = await runningHere(3);
    await fail('update', 1, {
      writeConcernError: { code: 100, errmsg: 'Not enough data-bearing nodes', errorLabels: [] },
    });
    expect(await Promise.allSettled(turns.map(endHere))).toMatchObject(turns.map(() => unavailable));
    const again = await Promise.all(turns.map(endHere));
    expect(again).toEqual(turns.map(() => ({ result: 'ended', hasSuccessor: false })));
  });

  // The driver repeats a write once before it gives up.
  test.each([
    ['whose connection breaks', { closeConnection: true }],
    ['that meets a node which is no primary any more', { errorCode: 10_107 }],
  ])('every item of a batch %s is answered that the database is unavailable', async (_, how) => {
    const chat = await newChat(database.stores, one);
    const turns = await runningHere(3);
    await fail('insert', 2, how);
    const inserted = await Promise.allSettled(
      [1, 2, 3].map((sequence) => insertHere(newTurn(chat, sequence))),
    );
    expect(inserted).toMatchObject([unavailable, unavailable, unavailable]);
    await fail('update', 2, how);
    expect(await Promise.allSettled(turns.map(endHere))).toMatchObject(turns.map(() => unavailable));
    const again = await Promise.all(turns.map(endHere));
    expect(again).toEqual(turns.map(() => ({ result: 'ended', hasSuccessor: false })));
  });

  test('every new chat of a batch whose connection breaks is answered that the database is unavailable', async () => {
    await fail('insert', 2, { closeConnection: true });
    const create = () => database.stores.chats.create(one, { agent: mintId('agent'), agentType: 't' });
    const made = await Promise.allSettled([create(), create(), create()]);
    expect(made).toMatchObject([unavailable, unavailable, unavailable]);
  });

  test('a batch that the server rejects as a whole is sent item by item', async () => {
    const chat = await newChat(database.stores, one);
    await fail('insert', 1, { errorCode: 2 });
    const results = await Promise.all([1, 2, 1].map((sequence) => insertHere(newTurn(chat, sequence))));
    expect(results.toSorted()).toEqual(['inserted', 'inserted', 'sequence-taken']);
  });

  test('a batch that hangs is unknown after its deadline, its connection closes, and later ones go on', async () => {
    const url = new URL(db.uri);
    const proxy = await startTcpProxy(Number(url.port));
    url.port = String(proxy.port);
    const database = await connectDatabase(url.href);
    try {
      const turns = await runningTurns(3);
      const endHere = ({ id }: AskingTurn) => database.stores.turns.end(one, id, 'mine', failed);
      const before = proxy.connections;
      proxy.treat({ requests: 'swallow' });
      const hanging = Promise.allSettled(turns.slice(0, 2).map(endHere));
      await turnOfEventLoop();
      await turnOfEventLoop();
      // Sent while the batch hangs, so it waits for the next one.
      const waiting = Promise.allSettled(turns.slice(2).map(endHere));
      for (const result of [...(await hanging), ...(await waiting)])
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'database_unavailable' } });
      proxy.treat({ requests: 'forward' });
      await expect.poll(() => proxy.connections, { timeout: 30_000 }).toBeLessThanOrEqual(before);
      await expect
        .poll(() => Promise.all(turns.map((turn) => endHere(turn).catch(() => undefined))), {
          timeout: 60_000,
        })
        .toEqual(turns.map(() => ({ result: 'ended', hasSuccessor: false })));
    } finally {
      await database.close();
      proxy.stop();
    }
  });
});
