import { type Id, type MessageList, mintId } from '@parley/contract';
import { inScope } from '@parley/db/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { walkPages } from '../support/walk-pages.ts';

const { makeTeam, mongo } = await startHarness();
const team = await makeTeam();
const { turns } = mongo.database.stores;
const scope = { team: team.id };

/** Inserts a turn after the newest one, ended or waiting, which is faster than a model. */
async function plantTurn(chat: Id<'chat'>, sequence: number, hasEnded: boolean) {
  const createdAt = new Date();
  const userMessage = {
    id: mintId('message'),
    role: 'user' as const,
    content: `q${sequence}`,
    createdAt,
  };
  const turn = {
    id: mintId('turn'),
    chat,
    sequence,
    question: { userMessage },
    answerId: mintId('message'),
    lease: { token: 'test', attempt: 1, renewals: 0 },
    createdAt,
  };
  await turns.insert(inScope(scope, chat), turn);
  const end = async () => {
    const answer = {
      id: turn.answerId,
      role: 'assistant' as const,
      content: `a${sequence}`,
      createdAt: new Date(),
    };
    await turns.end(scope, turn.id, 'test', { status: 'completed', answer, textBytes: 4 * sequence });
  };
  if (hasEnded) await end();
  return { ids: hasEnded ? [userMessage.id, turn.answerId] : [userMessage.id], end };
}

const ids = async (query: Record<string, string>, chat: string) => {
  const { body } = await team.rest<MessageList>('GET', `/chat/${chat}/message`, { query });
  return { items: body.messages.map(({ id }) => id), nextCursor: body.nextCursor };
};

test('pages skip and repeat no message while messages arrive, and keep the order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('asc', 'desc'),
      fc.array(fc.boolean(), { maxLength: 5 }),
      fc.boolean(),
      async (before, limit, order, arrivals, isLastUnfinished) => {
        const { id: chat } = (await team.makeChat()) as { id: Id<'chat'> };
        const throughout: string[] = [];
        let sequence = 0;
        let finish: (() => Promise<void>) | undefined;
        while (sequence < before) {
          const planted = await plantTurn(chat, ++sequence, !(isLastUnfinished && sequence === before));
          throughout.push(...planted.ids);
          if (planted.ids.length === 1) finish = planted.end;
        }
        /** After each page a turn arrives, or the running answer ends. */
        const between = async () => {
          const arrival = arrivals.shift();
          if (arrival === undefined) return;
          await finish?.();
          finish = undefined;
          await plantTurn(chat, ++sequence, arrival);
        };
        const pages = await walkPages(
          (cursor) => ids({ limit: String(limit), order, ...(cursor && { cursor }) }, chat),
          between,
        );

        const listed = pages.flat();
        expect(new Set(listed).size).toBe(listed.length);
        expect(throughout.filter((id) => !listed.includes(id as Id<'message'>))).toEqual([]);
        const { items: now } = await ids({ order }, chat);
        const places = listed.map((id) => now.indexOf(id));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(places).not.toContain(-1);
      },
    ),
    { numRuns: 30 },
  );
});

test('pages of any size add up to the whole list, from either end', async () => {
  const chat = await team.makeChat();
  for (const content of ['one', 'two', 'three']) await team.send(chat.id, content);
  for (const order of ['asc', 'desc'] as const) {
    const whole = (await team.trpc.message.list.query({ chatId: chat.id, order })).messages;
    for (const limit of [1, 2, 3, 5, 6, 7]) {
      const pages = await walkPages(async (cursor) => {
        const page = await team.trpc.message.list.query({
          chatId: chat.id,
          order,
          limit,
          ...(cursor && { cursor }),
        });
        return { items: page.messages, nextCursor: page.nextCursor };
      });
      expect(pages.flat()).toEqual(whole);
      expect(pages).toHaveLength(Math.ceil(6 / limit));
    }
  }
});

describe('a cursor', () => {
  async function seed() {
    const chat = await team.makeChat();
    await team.send(chat.id, 'hello');
    const { nextCursor: cursor = '' } = await ids({ limit: '1' }, chat.id);
    return { chat, cursor };
  }

  const listWith = (chat: string, query: Record<string, string>) =>
    team.rest('GET', `/chat/${chat}/message`, { query });

  test('a cursor without an order uses the order that it was made with', async () => {
    const { chat, cursor } = await seed();
    expect((await listWith(chat.id, { cursor })).status).toBe(200);
    expect((await listWith(chat.id, { cursor, order: 'asc' })).status).toBe(200);
    expect((await listWith(chat.id, { cursor, order: 'desc' })).apiError.code).toBe('invalid_cursor');
  });

  test('a cursor of another chat returns 400', async () => {
    const { cursor } = await seed();
    const { chat } = await seed();
    const { status, apiError } = await listWith(chat.id, { cursor });
    expect(status).toBe(400);
    expect(apiError.code).toBe('invalid_cursor');
  });

  test('a cursor that was changed anywhere returns 400', async () => {
    const { chat, cursor } = await seed();
    await fc.assert(
      fc.asyncProperty(fc.nat(cursor.length - 1), fc.constantFrom(...'AZaz09-_='), async (at, by) => {
        const text = cursor.slice(0, at) + by + cursor.slice(at + 1);
        fc.pre(text !== cursor);
        const { status, apiError } = await listWith(chat.id, { cursor: text });
        expect(status).toBe(400);
        expect(apiError.code).toBe('invalid_cursor');
      }),
      { numRuns: 80 },
    );
  });

  test.each([
    ['a sequence of 0', { sequence: 0, role: 'user' }],
    ['a negative sequence', { sequence: -1, role: 'user' }],
    ['a fraction', { sequence: 1.5, role: 'user' }],
    ['an operator', { sequence: { $gt: 0 }, role: 'user' }],
    ['another role', { sequence: 1, role: 'system' }],
    ['an additional field', { sequence: 1, role: 'user', chat: 'x' }],
    ['nothing', null],
  ])('a forged cursor with %s returns 400', async (_, position) => {
    const { chat } = await seed();
    const cursor = Buffer.from(JSON.stringify([0, position])).toString('base64url');
    expect((await listWith(chat.id, { cursor })).apiError.code).toBe('invalid_cursor');
  });
});
