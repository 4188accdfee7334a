import type { Id } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import type { ListedMessage, MessagePosition, NewTurn, SystemScope } from '../src/index.ts';
import { inScope } from '../src/testing/index.ts';
import { endedTurn, endTurn, leaseOf, newChat, newScope, newTurn, retryOf } from './examples.ts';
import { startDatabase } from './start-database.ts';

/*
 * A failed turn and its retries answer one message: the list shows the message once, with the state of its newest
 * turn.
 */

const db = await startDatabase('listed_retries');
const stores = db.stores;
const scope: SystemScope = newScope();

const failed = { status: 'failed', errorCode: 'model_failed' } as const;

/** A failed turn with this sequence and its retries, each ended as given; the last one is given as the turn itself. */
async function newChain(
  chat: Id<'chat'>,
  sequence: number,
  retries: number,
  last: (turn: NewTurn) => unknown,
) {
  const first = newTurn(chat, sequence);
  await endTurn(stores, scope, first, failed);
  const chain: NewTurn[] = [first];
  for (let index = 1; index <= retries; index++) {
    const turn = retryOf(first, { sequence: sequence + index });
    if (index < retries) await endTurn(stores, scope, turn, failed);
    else await last(turn);
    chain.push(turn);
  }
  return { first, chain };
}

async function list(chat: Id<'chat'>, order: 'asc' | 'desc' = 'asc') {
  return (await stores.messages.list(inScope(scope, chat), { limit: 100, order })).items;
}

const shown = ({ content, status, errorCode, answerId, isAnswered }: ListedMessage) => ({
  content,
  status,
  errorCode,
  answerId,
  isAnswered,
});

describe('a message whose answer failed', () => {
  test('a message whose answer failed is listed as failed, with the code and the id of the answer to retry', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1);
    await endTurn(stores, scope, turn, { ...failed, written: { attempt: 1, text: 'half an ' } });
    expect((await list(chat)).map(shown)).toEqual([
      {
        content: 'question 1',
        status: 'failed',
        errorCode: 'model_failed',
        answerId: turn.answerId,
        isAnswered: false,
      },
    ]);
  });

  test.each([
    ['waits', (turn: NewTurn) => stores.turns.insert(inScope(scope, turn.chat), turn), 'queued'],
    [
      'runs',
      (turn: NewTurn) => stores.turns.insert(inScope(scope, turn.chat), { ...turn, lease: leaseOf('t') }),
      'generating',
    ],
    [
      'failed again',
      (turn: NewTurn) => endTurn(stores, scope, turn, { ...failed, errorCode: 'model_timeout' }),
      'failed',
    ],
    [
      'was stopped before a word',
      (turn: NewTurn) => endTurn(stores, scope, turn, { status: 'stopped' }),
      'stopped',
    ],
  ] as const)('a message has the state of its newest retry, which %s', async (_name, last, status) => {
    const chat = await newChat(stores, scope);
    const { chain } = await newChain(chat, 1, 2, last);
    for (const order of ['asc', 'desc'] as const) {
      expect((await list(chat, order)).map(shown)).toEqual([
        {
          content: 'question 1',
          status,
          errorCode: status === 'failed' ? 'model_timeout' : undefined,
          answerId: chain.at(-1)?.answerId,
          isAnswered: false,
        },
      ]);
    }
  });

  test('a message that a retry answered is followed by that answer, without the earlier failures', async () => {
    const chat = await newChat(stores, scope);
    await endedTurn(stores, scope, chat, 1);
    const { chain } = await newChain(chat, 2, 3, (turn) =>
      endTurn(stores, scope, turn, { status: 'completed', answer: 'at last' }),
    );
    await endedTurn(stores, scope, chat, 6);
    const items = await list(chat);
    const contents = items.map(({ content }) => content);
    expect(contents).toEqual(['question 1', 'answer 1', 'question 2', 'at last', 'question 6', 'answer 6']);
    const answerId = chain.at(-1)?.answerId;
    expect(items.slice(2, 4).map(shown)).toEqual(
      ['question 2', 'at last'].map((content) => ({
        content,
        status: 'completed',
        errorCode: undefined,
        answerId,
        isAnswered: true,
      })),
    );
    expect(items[3]?.id).toBe(answerId);
    expect(await list(chat, 'desc')).toEqual(items.toReversed());
  });
});

test('a message that was cancelled while it waits is stopped in the list at once', async () => {
  const chat = await newChat(stores, scope);
  await stores.turns.insert(inScope(scope, chat), newTurn(chat, 1, { lease: leaseOf('t') }));
  const waiting = newTurn(chat, 2);
  await stores.turns.insert(inScope(scope, waiting.chat), waiting);
  await stores.turns.cancel(inScope(scope, waiting.chat), waiting.id);
  expect((await list(chat)).map(({ status }) => status)).toEqual(['generating', 'stopped']);
});

describe('pages across retries', () => {
  /** Answered, failed and retried twice until answered, failed for good with a retry, failed and being retried. */
  async function newRetriedChat(): Promise<Id<'chat'>> {
    const chat = await newChat(stores, scope);
    await endedTurn(stores, scope, chat, 1);
    await newChain(chat, 2, 2, (turn) =>
      endTurn(stores, scope, turn, { status: 'completed', answer: 'answer 2' }),
    );
    await newChain(chat, 5, 1, (turn) => endTurn(stores, scope, turn, failed));
    await endedTurn(stores, scope, chat, 7);
    await newChain(chat, 8, 3, (turn) => stores.turns.insert(inScope(scope, turn.chat), turn));
    return chat;
  }

  test.each(['asc', 'desc'] as const)(
    'pages of every size join to the whole list across retries (%s)',
    async (order) => {
      const chat = await newRetriedChat();
      const whole = await list(chat, order);
      const contents = whole.map(({ content }) => content);
      expect(order === 'asc' ? contents : contents.toReversed()).toEqual([
        ...['question 1', 'answer 1', 'question 2', 'answer 2', 'question 5'],
        ...['question 7', 'answer 7', 'question 8'],
      ]);
      for (let limit = 1; limit <= whole.length; limit++) {
        const joined: ListedMessage[] = [];
        let after: MessagePosition | undefined;
        do {
          const page = await stores.messages.list(inScope(scope, chat), {
            limit,
            order,
            ...(after && { after }),
          });
          joined.push(...page.items);
          after = page.next;
        } while (after);
        expect(joined).toEqual(whole);
      }
    },
  );

  test('a page after a message begins with the answer of its retry, and shows the status of both', async () => {
    const chat = await newChat(stores, scope);
    await newChain(chat, 1, 3, (turn) =>
      endTurn(stores, scope, turn, { status: 'completed', answer: 'at last' }),
    );
    const first = await stores.messages.list(inScope(scope, chat), { limit: 1, order: 'asc' });
    expect(first.items).toMatchObject([{ content: 'question 1', status: 'completed', isAnswered: true }]);
    const after = first.next ?? { sequence: 0, role: 'user' };
    const second = await stores.messages.list(inScope(scope, chat), { limit: 1, order: 'asc', after });
    expect(second).toEqual({ items: [expect.objectContaining({ content: 'at last' })] });
    const newest = await stores.messages.list(inScope(scope, chat), { limit: 1, order: 'desc' });
    expect(newest.items).toMatchObject([{ content: 'at last' }]);
    const rest = await stores.messages.list(inScope(scope, chat), {
      limit: 1,
      order: 'desc',
      after: newest.next ?? { sequence: 0, role: 'user' },
    });
    expect(rest).toMatchObject({ items: [{ content: 'question 1', status: 'completed', isAnswered: true }] });
    expect(rest.next).toBeUndefined();
  });

  test('a chain of more retries than one query reads is still one message', async () => {
    const chat = await newChat(stores, scope);
    const { first } = await newChain(chat, 1, 0, () => undefined);
    const retry = retryOf(first);
    await endTurn(stores, scope, retry, failed);
    const [document] = await db.raw.collection('turns').find({ chat, sequence: 2 }).toArray();
    await db.raw.collection('turns').insertMany(
      Array.from({ length: 600 }, (_, index) => ({
        ...document,
        _id: `${retry.id}${index}` as never,
        sequence: index + 3,
      })),
    );
    await endTurn(
      stores,
      scope,
      { ...retryOf(first), sequence: 603 },
      { status: 'completed', answer: 'at last' },
    );
    for (const limit of [1, 2, 100]) {
      for (const order of ['asc', 'desc'] as const) {
        const { items } = await stores.messages.list(inScope(scope, chat), { limit, order });
        const contents = items.map(({ content, status }) => `${content}, ${status}`);
        const all = ['question 1, completed', 'at last, completed'];
        expect(contents).toEqual((order === 'asc' ? all : all.toReversed()).slice(0, limit));
      }
    }
  });
});
