import type { Id } from '@parley/contract';
import { expect, test } from 'vitest';
import type { MessagePosition, SystemScope } from '../src/index.ts';
import { inScope } from '../src/testing/index.ts';
import { endedTurn, leaseOf, newChat, newScope, newTurn } from './examples.ts';
import { startDatabase } from './start-database.ts';

const db = await startDatabase('message_store');
const stores = db.stores;

/** A chat with an answered turn, a failed one, one that was stopped before the first word, and two unfinished. */
async function newMixedChat(scope: SystemScope): Promise<Id<'chat'>> {
  const { turns } = stores;
  const chat = await newChat(stores, scope);
  await endedTurn(stores, scope, chat, 1);
  for (const [sequence, end] of [
    [2, { status: 'failed', errorCode: 'model_failed', textBytes: 0 }],
    [3, { status: 'stopped', textBytes: 0 }],
  ] as const) {
    const turn = newTurn(chat, sequence, { lease: leaseOf('t') });
    await turns.insert(inScope(scope, turn.chat), turn);
    await turns.end(scope, turn.id, 't', end);
  }
  await turns.insert(inScope(scope, chat), newTurn(chat, 4, { lease: leaseOf('t') }));
  await turns.insert(inScope(scope, chat), newTurn(chat, 5));
  return chat;
}

test('every accepted message is listed, and an answer once it has ended with text', async () => {
  const scope = newScope();
  const chat = await newMixedChat(scope);
  const { items, next } = await stores.messages.list(inScope(scope, chat), { limit: 100, order: 'asc' });
  expect(next).toBeUndefined();
  expect(items.map(({ content, status, errorCode }) => [content, status, errorCode])).toEqual([
    ['question 1', 'completed', undefined],
    ['answer 1', 'completed', undefined],
    ['question 2', 'failed', 'model_failed'],
    ['question 3', 'stopped', undefined],
    ['question 4', 'generating', undefined],
    ['question 5', 'queued', undefined],
  ]);
});

test.each(['asc', 'desc'] as const)(
  'pages of every size join to the whole list, without a gap or a double (%s)',
  async (order) => {
    const scope = newScope();
    const chat = await newMixedChat(scope);
    const whole = (await stores.messages.list(inScope(scope, chat), { limit: 100, order })).items;
    expect(whole).toHaveLength(6);
    for (let limit = 1; limit <= 7; limit++) {
      const joined = [];
      let after: MessagePosition | undefined;
      do {
        const page = await stores.messages.list(inScope(scope, chat), {
          limit,
          order,
          ...(after && { after }),
        });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        joined.push(...page.items);
        after = page.next;
      } while (after);
      expect(joined).toEqual(whole);
    }
  },
);

test('the descending list is the ascending one, reversed', async () => {
  const scope = newScope();
  const chat = await newMixedChat(scope);
  const [asc, desc] = await Promise.all(
    (['asc', 'desc'] as const).map((order) =>
      stores.messages.list(inScope(scope, chat), { limit: 100, order }),
    ),
  );
  expect(desc?.items).toEqual(asc?.items.toReversed());
});

test('the page after a question begins with its answer', async () => {
  const scope = newScope();
  const chat = await newChat(stores, scope);
  await endedTurn(stores, scope, chat, 1);
  const first = await stores.messages.list(inScope(scope, chat), { limit: 1, order: 'asc' });
  expect(first.next).toEqual({ sequence: 1, role: 'user' });
  const second = await stores.messages.list(inScope(scope, chat), {
    limit: 1,
    order: 'asc',
    after: { sequence: 1, role: 'user' },
  });
  expect(second.items.map(({ content }) => content)).toEqual(['answer 1']);
  expect(second.next).toBeUndefined();
});

test('a long chat is listed completely, and a short page leaves no cursor open on the server', async () => {
  const scope = newScope();
  const chat = await newChat(stores, scope);
  const turn = await endedTurn(stores, scope, chat, 1);
  const [document] = await db.raw.collection('turns').find({ chat }).toArray();
  await db.raw.collection('turns').insertMany(
    Array.from({ length: 1_199 }, (_, index) => ({
      ...document,
      _id: `${turn.id}${index}` as never,
      sequence: index + 2,
    })),
  );
  const whole = await stores.messages.list(inScope(scope, chat), { limit: 10_000, order: 'asc' });
  expect(whole.items).toHaveLength(2_400);
  expect(whole.next).toBeUndefined();
  for (const limit of [1, 50, 700]) await stores.messages.list(inScope(scope, chat), { limit, order: 'asc' });
  await stores.turns.readRunContext(scope, chat, 1_201, 10);
  expect(await openCursors()).toEqual([]);
});

/** Open cursors on the server for this database. */
async function openCursors() {
  return await db.raw.client
    .db('admin')
    .aggregate([
      { $currentOp: { allUsers: true, idleCursors: true } },
      { $match: { type: 'idleCursor', ns: { $regex: `^${db.raw.databaseName}\\.` } } },
    ])
    .toArray();
}
