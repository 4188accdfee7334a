import type { ChatList, Id } from '@parley/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { walkPages } from '../support/walk-pages.ts';

const { makeTeam, mongo } = await startHarness();
const { chats } = mongo.database.stores;

const users = ['ann', 'bob'] as const;
const types = ['support', 'sales'] as const;
interface Kind {
  readonly user: (typeof users)[number];
  readonly agentType: (typeof types)[number];
}
const kind: fc.Arbitrary<Kind> = fc.record({
  user: fc.constantFrom(...users),
  agentType: fc.constantFrom(...types),
});
const filter: fc.Arbitrary<{ userId?: string; agentType?: string }> = fc.record(
  { userId: fc.constantFrom(...users), agentType: fc.constantFrom(...types) },
  { requiredKeys: [] },
);

test('pages skip and repeat no chat while chats are created and deleted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(kind, { maxLength: 12 }),
      filter,
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.oneof(kind, fc.nat()), { maxLength: 6 }),
      async (before, by, limit, events) => {
        const team = await makeTeam();
        const scope = { team: team.id };
        const make = ({ user, agentType }: Kind) =>
          chats.create(scope, { agent: team.agent.id, agentType, user });
        const made: { id: Id<'chat'>; kind: Kind; isDeleted: boolean }[] = [];
        for (const one of before) made.push({ id: (await make(one)).id, kind: one, isDeleted: false });
        const old = [...made];

        /** After each page a chat is created, or one of those that are left is deleted. */
        const between = async () => {
          const event = events.shift();
          if (event === undefined) return;
          if (typeof event !== 'number') {
            made.push({ id: (await make(event)).id, kind: event, isDeleted: false });
            return;
          }
          const left = made.filter(({ isDeleted }) => !isDeleted);
          const victim = left[event % (left.length || 1)];
          if (!victim) return;
          victim.isDeleted = true;
          await chats.markDeleted(scope, victim.id);
        };
        const pages = await walkPages(async (cursor) => {
          const query = { ...by, limit: String(limit), ...(cursor && { cursor }) };
          const { body } = await team.rest<ChatList>('GET', '/chat', { query });
          return { items: body.chats.map(({ id }) => id), nextCursor: body.nextCursor };
        }, between);

        const listed = pages.flat();
        expect(listed).toEqual([...new Set(listed)].toSorted().reverse());
        const matching = (one: { kind: Kind }) =>
          (by.userId ?? one.kind.user) === one.kind.user &&
          (by.agentType ?? one.kind.agentType) === one.kind.agentType;
        const throughout = old.filter((one) => !one.isDeleted && matching(one)).map(({ id }) => id);
        expect(throughout.filter((id) => !listed.includes(id as never))).toEqual([]);
        const possible = new Set<string>(made.filter(matching).map(({ id }) => id));
        expect(listed.filter((id) => !possible.has(id))).toEqual([]);
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      },
    ),
    { numRuns: 25 },
  );
});

test('pages of any size add up to the whole list', async () => {
  const team = await makeTeam();
  for (let index = 0; index < 7; index++) await team.makeChat();
  const whole = (await team.trpc.chat.list.query({})).chats;
  for (const limit of [1, 2, 3, 6, 7, 8, 1_000]) {
    const pages = await walkPages(async (cursor) => {
      const { chats: items, nextCursor } = await team.trpc.chat.list.query({
        limit,
        ...(cursor && { cursor }),
      });
      return { items, nextCursor };
    });
    expect(pages.flat()).toEqual(whole);
    expect(pages).toHaveLength(Math.ceil(7 / limit));
  }
});

describe('a cursor', () => {
  const query = { userId: 'ann', agentType: 'support', limit: '1' };

  async function seed() {
    const team = await makeTeam();
    for (let index = 0; index < 3; index++) await team.makeChat({ userId: 'ann' });
    const { nextCursor = '' } = (await team.rest<ChatList>('GET', '/chat', { query })).body;
    return { team, cursor: nextCursor };
  }

  test('a cursor works with its own filters, over both transports, any number of times', async () => {
    const { team, cursor } = await seed();
    const first = await team.rest<ChatList>('GET', '/chat', { query: { ...query, cursor } });
    const again = await team.rest<ChatList>('GET', '/chat', { query: { ...query, cursor } });
    expect(again.body).toEqual(first.body);
    expect(
      await team.trpc.chat.list.query({ userId: 'ann', agentType: 'support', limit: 1, cursor }),
    ).toEqual(first.body);
    // The page size is not part of the filter.
    expect((await team.rest('GET', '/chat', { query: { ...query, limit: '2', cursor } })).status).toBe(200);
  });

  test('a cursor continues after a chat that was deleted meanwhile', async () => {
    const { team, cursor } = await seed();
    const [newest, ...others] = (await team.trpc.chat.list.query({})).chats;
    await team.rest('DELETE', `/chat/${newest?.id}`);
    const { body } = await team.rest<ChatList>('GET', '/chat', { query: { ...query, limit: '5', cursor } });
    expect(body.chats).toEqual(others);
  });

  test.each([
    ['another user', { userId: 'bob', agentType: 'support' }],
    ['another type', { userId: 'ann', agentType: 'sales' }],
    ['the user alone', { userId: 'ann' }],
    ['the type alone', { agentType: 'support' }],
    ['no filter', {}],
  ] as [string, Record<string, string>][])(
    'a cursor with %s returns 400 invalid_cursor',
    async (_, other) => {
      const { team, cursor } = await seed();
      const { status, apiError } = await team.rest('GET', '/chat', {
        query: { ...other, limit: '1', cursor },
      });
      expect(status).toBe(400);
      expect(apiError.code).toBe('invalid_cursor');
    },
  );

  test('a cursor that was changed anywhere returns 400 invalid_cursor', async () => {
    const { team, cursor } = await seed();
    const letter = fc.constantFrom(
      ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. ',
    );
    const place = fc.nat(cursor.length - 1);
    const changed = fc.oneof(
      fc.tuple(place, letter).map(([at, by]) => cursor.slice(0, at) + by + cursor.slice(at + 1)),
      place.map((at) => cursor.slice(0, at)),
      fc.tuple(place, letter).map(([at, by]) => cursor.slice(0, at) + by + cursor.slice(at)),
      fc.string({ minLength: 1, maxLength: 100 }).map((text) => Buffer.from(text).toString('base64url')),
      fc.json().map((text) => Buffer.from(text).toString('base64url').slice(0, 512)),
      fc.constantFrom(`${cursor}=`, ` ${cursor}`, `${cursor} `, `${cursor}\n`, cursor + cursor),
    );
    await fc.assert(
      fc.asyncProperty(
        changed.filter((text) => text !== cursor && text !== ''),
        async (text) => {
          const { status, apiError } = await team.rest('GET', '/chat', { query: { ...query, cursor: text } });
          expect(status).toBe(400);
          expect(apiError.code).toBe('invalid_cursor');
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a cursor of the list of messages is rejected by the list of chats', async () => {
    const { team } = await seed();
    const chat = await team.makeChat();
    await team.send(chat.id, 'hello');
    const { nextCursor: cursor = '' } = await team.trpc.message.list.query({ chatId: chat.id, limit: 1 });
    const { apiError } = await team.rest('GET', '/chat', { query: { limit: '1', cursor } });
    expect(apiError.code).toBe('invalid_cursor');
  });

  test("a cursor that another team uses returns that team's chats and no others", async () => {
    const other = await makeTeam();
    const own = await other.makeChat({ userId: 'ann' });
    const { cursor } = await seed();
    const { body } = await other.rest<ChatList>('GET', '/chat', { query: { ...query, cursor } });
    expect(body.chats).toEqual([own]);
  });
});
