import { mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { inScope } from '../src/testing/index.ts';
import { newChat, newScope, newTurn, retryOf } from './examples.ts';
import { startDatabase } from './start-database.ts';

/* A repeated request with the same key finds the object of the first one. */

const db = await startDatabase('replays');
const stores = db.stores;
const scope = newScope();

const newIdempotency = () => ({ key: mintId('request'), body: mintId('request') });
const chatFields = { agent: mintId('agent'), agentType: 'support', user: 'ann', metadata: { a: 1 } };

describe('a chat', () => {
  test('a chat is created once for an idempotency key, which finds it with the hash of its body', async () => {
    const idempotency = newIdempotency();
    expect(await stores.chats.findByIdempotencyKey(scope, idempotency.key)).toBeUndefined();
    const made = await stores.chats.createOnce(scope, chatFields, idempotency);
    expect(made).toMatchObject({ user: 'ann', metadata: { a: 1 }, team: scope.team });
    const replay = { body: idempotency.body, chat: made };
    expect(await stores.chats.findByIdempotencyKey(scope, idempotency.key)).toEqual(replay);
    const other = { ...idempotency, body: 'another body' };
    expect(await stores.chats.createOnce(scope, chatFields, other)).toEqual({ replay });
    const found = await stores.chats.find(scope, 'id' in made ? made.id : mintId('chat'));
    expect(found?.chat).toEqual(made);
  });

  test('one of 50 parallel requests with one idempotency key creates the chat, and the others get it', async () => {
    for (let round = 0; round < 5; round++) {
      const idempotency = newIdempotency();
      const results = await Promise.all(
        Array.from({ length: 50 }, () => stores.chats.createOnce(scope, chatFields, idempotency)),
      );
      const made = results.filter((result) => 'id' in result);
      expect(made).toHaveLength(1);
      const replay = { body: idempotency.body, chat: made[0] };
      expect(results.filter((result) => 'replay' in result)).toEqual(
        Array.from({ length: 49 }, () => ({ replay })),
      );
      const stored = await db.raw.collection('chats').countDocuments({ 'idempotency.key': idempotency.key });
      expect(stored).toBe(1);
    }
  });

  test('a deleted chat leaves its idempotency key on the tombstone, so that it is not created again', async () => {
    const idempotency = newIdempotency();
    const made = await stores.chats.createOnce(scope, chatFields, idempotency);
    if (!('id' in made)) throw new Error('it is a replay');
    await stores.chats.markDeleted(scope, made.id);
    const replay = { body: idempotency.body, chat: undefined };
    expect(await stores.chats.findByIdempotencyKey(scope, idempotency.key)).toEqual(replay);
    expect(await stores.chats.createOnce(scope, chatFields, idempotency)).toEqual({ replay });
    await stores.chats.purge(made.id);
    expect(await stores.chats.findByIdempotencyKey(scope, idempotency.key)).toEqual(replay);
    expect(await stores.chats.createOnce(scope, chatFields, idempotency)).toEqual({ replay });
    const tombstones = await db.raw
      .collection('chats')
      .find({ 'idempotency.key': idempotency.key })
      .toArray();
    expect(tombstones).toEqual([{ _id: made.id, idempotency, purgedAt: expect.any(Date) }]);
    expect(await stores.chats.list(scope, {}, { limit: 100, after: made.id })).toBeDefined();
    expect(await stores.chats.find(scope, made.id)).toBeUndefined();
  });

  test('every request without an idempotency key creates a chat', async () => {
    const made = await Promise.all([1, 2, 3].map(() => stores.chats.create(scope, chatFields)));
    expect(new Set(made.map(({ id }) => id)).size).toBe(3);
  });
});

describe('a turn', () => {
  test('a turn is found by the idempotency key of its request, only in its chat', async () => {
    const [chat, other] = [await newChat(stores, scope), await newChat(stores, scope)];
    const idempotency = newIdempotency();
    const turn = newTurn(chat, 1, { idempotency });
    expect(await stores.turns.findByIdempotencyKey(inScope(scope, chat), idempotency.key)).toBeUndefined();
    expect(await stores.turns.insert(inScope(scope, turn.chat), turn)).toBe('inserted');
    const found = await stores.turns.findByIdempotencyKey(inScope(scope, chat), idempotency.key);
    expect(found).toMatchObject({ id: turn.id, idempotency });
    expect(await stores.turns.find(inScope(scope, turn.chat), turn.id)).toEqual(found);
    expect(await stores.turns.findByIdempotencyKey(inScope(scope, other), idempotency.key)).toBeUndefined();
    expect(await stores.turns.insert(inScope(scope, other), newTurn(other, 1, { idempotency }))).toBe(
      'inserted',
    );
  });

  test('a turn with a used idempotency key is not inserted, except as a repetition with its own id', async () => {
    const chat = await newChat(stores, scope);
    const idempotency = newIdempotency();
    const turn = newTurn(chat, 1, { idempotency });
    await stores.turns.insert(inScope(scope, turn.chat), turn);
    expect(await stores.turns.insert(inScope(scope, turn.chat), turn)).toBe('inserted');
    // Both indexes conflict at its place, one behind it.
    expect(await stores.turns.insert(inScope(scope, chat), newTurn(chat, 1, { idempotency }))).toBe(
      'key-taken',
    );
    expect(await stores.turns.insert(inScope(scope, chat), newTurn(chat, 2, { idempotency }))).toBe(
      'key-taken',
    );
    expect(
      await stores.turns.insert(inScope(scope, chat), newTurn(chat, 1, { idempotency: newIdempotency() })),
    ).toBe('sequence-taken');
    expect(await stores.turns.insert(inScope(scope, chat), newTurn(chat, 1))).toBe('sequence-taken');
    expect(await stores.turns.tail(inScope(scope, chat))).toMatchObject({ sequence: 1 });
  });

  test('exactly one of 50 parallel inserts with one idempotency key succeeds, with any sequences', async () => {
    const chat = await newChat(stores, scope);
    const idempotency = newIdempotency();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        stores.turns.insert(inScope(scope, chat), newTurn(chat, (index % 3) + 1, { idempotency })),
      ),
    );
    expect(results.filter((result) => result === 'inserted')).toHaveLength(1);
    expect(await db.raw.collection('turns').countDocuments({ chat })).toBe(1);
  });

  test('turns without an idempotency key do not conflict', async () => {
    const chat = await newChat(stores, scope);
    for (const sequence of [1, 2, 3]) {
      expect(await stores.turns.insert(inScope(scope, chat), newTurn(chat, sequence))).toBe('inserted');
    }
  });

  test('a retry is found by the idempotency key of its request', async () => {
    const chat = await newChat(stores, scope);
    const first = newTurn(chat, 1);
    await stores.turns.insert(inScope(scope, first.chat), first);
    const idempotency = newIdempotency();
    const retry = retryOf(first, { idempotency });
    await stores.turns.insert(inScope(scope, retry.chat), retry);
    expect(await stores.turns.findByIdempotencyKey(inScope(scope, chat), idempotency.key)).toMatchObject({
      id: retry.id,
      retryOf: { turn: first.id },
    });
  });

  test('the idempotency key of a turn is free again once its chat is purged', async () => {
    const chat = await newChat(stores, scope);
    const idempotency = newIdempotency();
    await stores.turns.insert(inScope(scope, chat), newTurn(chat, 1, { idempotency }));
    await stores.chats.markDeleted(scope, chat);
    await stores.chats.purge(chat);
    expect(await stores.turns.findByIdempotencyKey(inScope(scope, chat), idempotency.key)).toBeUndefined();
  });
});
