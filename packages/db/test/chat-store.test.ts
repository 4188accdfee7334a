import { type Id, markerIdOf, mintId } from '@parley/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inScope } from '../src/testing/index.ts';
import { endedTurn, newChat, newScope, newTurn } from './examples.ts';
import { startDatabase } from './start-database.ts';

const NO_MARKS = { hasFeedback: false, hasVersions: false };

const db = await startDatabase('chat_store');
const stores = db.stores;
const chats = stores.chats;

describe('metadata', () => {
  const trickyKey = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      '$where',
      'a.b',
      '$ref',
      '$id',
      '_bsontype',
      '$set',
      '',
      '.',
      'constructor',
      'toString',
      '\u{1F511}',
    ),
  );
  const leaf = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('$$ROOT', 'ObjectId', '2024-01-01T00:00:00.000Z'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
    fc.maxSafeInteger(),
    fc.constantFrom(Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53, 0.1, 1e21, 2147483648),
    fc.boolean(),
    fc.constant(null),
  );
  const { metadata } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(trickyKey, tie('value'), { maxKeys: 3 }),
    ),
    metadata: fc.dictionary(
      trickyKey.filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 4 },
    ),
  }));

  test('metadata with any keys and values is read exactly as it was stored', async () => {
    const scope = newScope();
    await fc.assert(
      fc.asyncProperty(metadata, async (sent) => {
        const { id } = await chats.create(scope, {
          agent: mintId('agent'),
          agentType: 't',
          metadata: sent as never,
        });
        const found = await chats.find(scope, id);
        expect(JSON.stringify(found?.chat.metadata)).toBe(JSON.stringify(sent));
      }),
      { numRuns: 80 },
    );
  });

  test.each([
    { $ref: 'chats', $id: 1, $db: 'x' },
    { _bsontype: 'ObjectId', id: 'abc' },
    { $where: 'sleep(1000)' },
    { 'a.b': { 'c.$d': '$$ROOT' } },
    { empty: {}, list: [], nothing: null },
    {},
  ])('keeps %j, in a list too', async (metadata) => {
    const scope = newScope();
    const { id } = await chats.create(scope, { agent: mintId('agent'), agentType: 't', metadata });
    expect((await chats.find(scope, id))?.chat.metadata).toEqual(metadata);
    expect((await chats.list(scope, {}, { limit: 1 })).items[0]?.metadata).toEqual(metadata);
  });

  test('a user id is stored as it is, and a missing one stays missing', async () => {
    const scope = newScope();
    const agent = mintId('agent');
    for (const user of ['00123', '$ne', '{"$gt":""}', '\u{1F600}', ' x ']) {
      const { id } = await chats.create(scope, { agent, agentType: 't', user });
      expect((await chats.find(scope, id))?.chat.user).toBe(user);
      expect((await chats.list(scope, { user }, { limit: 9 })).items.map((chat) => chat.id)).toEqual([id]);
    }
    const plain = await chats.create(scope, { agent, agentType: 't' });
    expect((await chats.find(scope, plain.id))?.chat).toEqual({
      id: plain.id,
      team: scope.team,
      agent,
      createdAt: plain.createdAt,
      updatedAt: plain.createdAt,
    });
  });
});

describe('list', () => {
  test('pages of chats list every chat once, newest first, also while chats are added', async () => {
    const scope = newScope();
    const made = [];
    for (let index = 0; index < 7; index++) made.push(await newChat(stores, scope));
    const newest = made.toReversed();
    const first = await chats.list(scope, {}, { limit: 3 });
    await newChat(stores, scope);
    const second = await chats.list(scope, {}, { limit: 3, after: first.next ?? mintId('chat') });
    const third = await chats.list(scope, {}, { limit: 3, after: second.next ?? mintId('chat') });
    expect([first, second, third].map(({ items }) => items.map(({ id }) => id))).toEqual([
      newest.slice(0, 3),
      newest.slice(3, 6),
      newest.slice(6),
    ]);
    expect(third.next).toBeUndefined();
  });

  test('a last page that is exactly full has no next page', async () => {
    const scope = newScope();
    for (let index = 0; index < 3; index++) await newChat(stores, scope);
    expect(await chats.list(scope, {}, { limit: 3 })).not.toHaveProperty('next');
    expect(await chats.list(scope, {}, { limit: 2 })).toHaveProperty('next');
  });

  test('chats are filtered by user, by agent type and by both', async () => {
    const scope = newScope();
    const agent = mintId('agent');
    const made = [];
    for (const [user, agentType] of [
      ['ann', 'sales'],
      ['ann', 'support'],
      ['bob', 'sales'],
    ] as const) {
      made.push((await chats.create(scope, { agent, agentType, user })).id);
    }
    const [first, second, third] = made;
    const ids = async (filter: Parameters<typeof chats.list>[1]) =>
      (await chats.list(scope, filter, { limit: 10 })).items.map(({ id }) => id);
    expect(await ids({ user: 'ann' })).toEqual([second, first]);
    expect(await ids({ agentType: 'sales' })).toEqual([third, first]);
    expect(await ids({ user: 'ann', agentType: 'sales' })).toEqual([first]);
    expect(await ids({ user: 'nobody' })).toEqual([]);
  });
});

describe('deletion', () => {
  test('a deletion leaves a tombstone without content, and succeeds once', async () => {
    const scope = newScope();
    const { id } = await chats.create(scope, {
      agent: mintId('agent'),
      agentType: 'secret type',
      user: 'secret user',
      metadata: { secret: 'metadata' },
    });
    expect(await Promise.all([1, 2, 3].map(() => chats.markDeleted(scope, id)))).toEqual(
      expect.arrayContaining([true, false, false]),
    );
    expect(await chats.find(scope, id)).toBeUndefined();
    expect((await chats.list(scope, {}, { limit: 10 })).items).toEqual([]);
    const [tombstone] = await db.raw
      .collection('chats')
      .find({ _id: id as never })
      .toArray();
    expect(tombstone).toEqual({ _id: id, deletedAt: expect.any(Date) });
  });

  test('a purge removes the turns of its chat only, and the chat then needs no other purge', async () => {
    const scope = newScope();
    const chat = await newChat(stores, scope);
    const other = await newChat(stores, scope);
    await endedTurn(stores, scope, chat, 1);
    await stores.turns.insert(inScope(scope, chat), newTurn(chat, 2));
    await endedTurn(stores, scope, other, 1);
    await chats.markDeleted(scope, chat);
    expect(await chats.listMarked(100, [])).toContain(chat);
    await chats.purge(chat);
    await chats.purge(chat);
    expect(await chats.listMarked(100, [])).not.toContain(chat);
    expect(await db.raw.collection('turns').countDocuments({ chat, purgedAt: { $exists: false } })).toBe(0);
    expect(
      (await stores.messages.list(inScope(scope, other), { limit: 10, order: 'asc' })).items,
    ).toHaveLength(2);
    const [tombstone] = await db.raw
      .collection('chats')
      .find({ _id: chat as never })
      .toArray();
    expect(tombstone).toEqual({ _id: chat, purgedAt: expect.any(Date) });
  });

  test('a purge removes the logs of every run of the chat’s turns, and no other log', async () => {
    const scope = newScope();
    const [chat, other] = [await newChat(stores, scope), await newChat(stores, scope)];
    const log = (turn: Id<'turn'>, attempt: number) =>
      stores.turnLog.append([{ turn, team: scope.team, attempt, to: 4, text: 'text' }]);
    const first = await endedTurn(stores, scope, chat, 1);
    const [template] = await db.raw.collection('turns').find({ chat }).toArray();
    // More turns than one page of the purge holds; the last one has a log too.
    const many = Array.from({ length: 450 }, () => mintId('turn'));
    await db.raw
      .collection('turns')
      .insertMany(many.map((id, index) => ({ ...template, _id: id as never, sequence: index + 2 })));
    const kept = await endedTurn(stores, scope, other, 1);
    const last = many.at(-1) ?? first.id;
    for (const [turn, attempt] of [
      [first.id, 1],
      [first.id, 2],
      [last, 1],
      [kept.id, 1],
    ] as const) {
      await log(turn, attempt);
    }
    await chats.markDeleted(scope, chat);
    await chats.purge(chat);
    const logs = await db.raw.collection('turnLog').find({ team: scope.team }).toArray();
    expect(logs).toMatchObject([{ _id: expect.stringContaining(kept.id) }]);
    expect(await db.raw.collection('turns').countDocuments({ chat, purgedAt: { $exists: false } })).toBe(0);
  });

  test('the marker of a purged chat and the placeholders of its turns have no team and no content, and expire with the tombstone', async () => {
    const scope = newScope();
    const chat = await newChat(stores, scope);
    const turn = await endedTurn(stores, scope, chat, 1);
    expect(await chats.insertMarkerBehind(scope, chat, 1)).toBe(true);
    await chats.markDeleted(scope, chat);
    await chats.purge(chat);
    const [placeholder, marker] = await db.raw
      .collection('turns')
      .find({ chat })
      .sort({ sequence: 1 })
      .toArray();
    expect(marker).toMatchObject({ sequence: 2, status: 'stopped', messages: [], usage: [] });
    expect(Object.keys(marker ?? {})).not.toEqual(expect.arrayContaining(['team']));
    expect(Object.keys(marker ?? {})).not.toEqual(expect.arrayContaining(['pendingSince']));
    expect(placeholder).toEqual({
      _id: turn.id,
      ...{ chat, sequence: 1, status: 'stopped', takeovers: 0, messages: [], usage: [] },
      answerId: turn.answerId,
      createdAt: expect.any(Date),
      endedAt: expect.any(Date),
      purgedAt: expect.any(Date),
    });
    const [tombstone] = await db.raw
      .collection('chats')
      .find({ _id: chat as never })
      .toArray();
    expect(marker?.['purgedAt']).toEqual(tombstone?.['purgedAt']);
    for (const collection of ['turns', 'chats']) {
      const indexes = await db.raw.collection(collection).indexes();
      expect(indexes).toContainEqual(
        expect.objectContaining({ key: { purgedAt: 1 }, expireAfterSeconds: 24 * 60 * 60 }),
      );
    }
  });

  test('no list, count or export shows a marker whose chat was never marked deleted', async () => {
    const scope = newScope();
    const chat = await newChat(stores, scope);
    await endedTurn(stores, scope, chat, 1);
    await chats.insertMarkerBehind(scope, chat, 1);
    for (const order of ['asc', 'desc'] as const) {
      expect((await stores.messages.list(inScope(scope, chat), { limit: 10, order })).items).toHaveLength(2);
    }
    expect(await stores.turns.countUnfinished(scope, 10)).toBe(0);
    expect((await stores.turns.listUnfinished(1_000)).filter((turn) => turn.chat === chat)).toEqual([]);
    const uncounted = (await stores.usage.listUncounted(1_000)).map(({ id }) => id);
    expect(uncounted).not.toContain(markerIdOf(chat));
    const { turns, isLast, leftOut } = await stores.transfer.listTurns(scope, chat, 10, 0);
    expect([turns.map(({ sequence }) => sequence), isLast, leftOut]).toEqual([[1], true, 0]);
  });

  test('an erased chat can be imported again and takes new messages', async () => {
    const scope = newScope();
    const [chat, empty] = [await newChat(stores, scope), await newChat(stores, scope)];
    await endedTurn(stores, scope, chat, 1);
    const { turns } = await stores.transfer.listTurns(scope, chat, 10, 0);
    const exported = await stores.transfer.listChats(scope, 10);
    const deletion = await stores.deletions.beginTeam(scope.team);
    await stores.deletions.markChats(deletion, 10);
    for (const id of [chat, empty]) {
      await chats.insertMarker(id);
      await chats.purge(id);
      await stores.deletions.removeChat(deletion, id);
    }
    expect(await stores.transfer.addTurns(scope, chat, turns)).toEqual({ added: 1 });
    for (const one of exported) expect(await stores.transfer.addChat(scope, one, NO_MARKS)).toBe('added');
    expect(await stores.turns.insert(inScope(scope, chat), newTurn(chat, 2))).toBe('inserted');
    expect(await stores.turns.insert(inScope(scope, empty), newTurn(empty, 1))).toBe('inserted');
  });

  test('listMarked returns at most the given number of chats', async () => {
    const scope = newScope();
    for (let index = 0; index < 3; index++) {
      await chats.markDeleted(scope, await newChat(stores, scope));
    }
    expect(await chats.listMarked(2, [])).toHaveLength(2);
  });
});
