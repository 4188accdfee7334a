import { describe, expect, test } from 'vitest';
import { fillSearch } from '../src/migrations/fill-search.ts';
import { createSearchEntries } from '../src/search/search-entries.ts';
import { inScope } from '../src/testing/index.ts';
import { endTurn, newChat, newScope, newTurn, retryOf } from './examples.ts';
import { intercept } from './intercept.ts';
import { connectMongoose, migrationContextOf, startDatabase } from './start-database.ts';

const db = await startDatabase('search_store');
const context = migrationContextOf(await connectMongoose(db));
const { models } = context;
const { stores } = db;

type Scope = ReturnType<typeof newScope>;

/** Stores an ended turn and makes it found. */
async function answered(
  scope: Scope,
  chat: Awaited<ReturnType<typeof newChat>>,
  content: string,
  answer: string,
) {
  const turn = newTurn(chat, 1, { content });
  await endTurn(stores, scope, turn, { status: 'completed', answer });
  await stores.search.add([turn.id]);
  return turn;
}

const entriesOf = (chat: string) => db.raw.collection('searchEntries').find({ chat }).toArray();

async function purge(scope: Scope, chat: Awaited<ReturnType<typeof newChat>>) {
  await stores.chats.markDeleted(scope, chat);
  await stores.chats.insertMarker(chat);
  await stores.chats.purge(chat);
}

describe('entries', () => {
  test('a turn is found after its end, by words of its message and its answer', async () => {
    const scope = newScope();
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { content: 'Which capital?' });
    await endTurn(stores, scope, turn, { status: 'completed', answer: 'Paris' });
    const found = () => stores.search.find(scope, 'capital paris', { limit: 5 });
    expect(await found()).toEqual({ items: [] });
    await stores.search.add([turn.id]);
    await stores.search.add([turn.id]);
    const { items } = await found();
    const { userMessage } = turn.question;
    expect(items).toEqual([
      { chat, message: userMessage.id, snippet: 'Which capital?', createdAt: userMessage.createdAt },
    ]);
    expect(await entriesOf(chat)).toEqual([
      expect.objectContaining({ _id: turn.id, words: ['capital', 'paris', 'which'] }),
    ]);
    expect((await entriesOf(chat))[0]).not.toHaveProperty('pendingSince');
  });

  test('a turn that has not ended is not found', async () => {
    const scope = newScope();
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { content: 'waiting' });
    await stores.turns.insert(inScope(scope, chat), turn);
    await stores.search.add([turn.id]);
    expect(await entriesOf(chat)).toEqual([]);
  });

  test('a message that is removed while its words are stored is not found', async () => {
    const scope = newScope();
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { content: 'secret zebra' });
    await endTurn(stores, scope, turn, { status: 'failed', errorCode: 'model_failed' });
    const access = inScope(scope, chat);
    const searchEntries = intercept(models.searchEntries, 'bulkWrite', async (proceed) => {
      await stores.turns.markRemoved(access, turn.id, true);
      await stores.search.remove(access, [turn.id]);
      return proceed();
    });
    await createSearchEntries({ ...models, searchEntries }).add([turn.id]);
    expect(await entriesOf(chat)).toEqual([]);
    await stores.search.add([turn.id]);
    expect(await entriesOf(chat)).toEqual([]);
  });

  test('a removed message is not found, and only in its own chat are entries removed', async () => {
    const scope = newScope();
    const [chat, other] = [await newChat(stores, scope), await newChat(stores, scope)];
    const turn = await answered(scope, chat, 'secret zebra', 'stripes');
    await stores.search.remove(inScope(scope, other), [turn.id]);
    expect(await entriesOf(chat)).toHaveLength(1);
    await stores.search.remove(inScope(scope, chat), [turn.id]);
    expect(await stores.search.find(scope, 'zebra', { limit: 5 })).toEqual({ items: [] });
  });

  test('a retry is found by its answer alone', async () => {
    const scope = newScope();
    const chat = await newChat(stores, scope);
    const failed = newTurn(chat, 1, { content: 'question' });
    await endTurn(stores, scope, failed, { status: 'failed', errorCode: 'model_failed' });
    const retry = retryOf(failed);
    await endTurn(stores, scope, retry, { status: 'completed', answer: 'reply' });
    await stores.search.add([failed.id, retry.id]);
    const idsOf = async (text: string) =>
      (await stores.search.find(scope, text, { limit: 5 })).items.map(({ message }) => message);
    expect(await idsOf('question')).toEqual([failed.question.userMessage.id]);
    expect(await idsOf('reply')).toEqual([retry.answerId]);
  });

  test('the purge of a chat removes its entries', async () => {
    const scope = newScope();
    const chat = await newChat(stores, scope);
    await answered(scope, chat, 'secret', 'words');
    await purge(scope, chat);
    expect(await entriesOf(chat)).toEqual([]);
  });

  test('an entry that is written after the purge of its chat is removed again', async () => {
    const scope = newScope();
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { content: 'secret' });
    await endTurn(stores, scope, turn, { status: 'completed', answer: 'words' });
    let written = 0;
    const searchEntries = intercept(models.searchEntries, 'bulkWrite', async (proceed) => {
      await purge(scope, chat);
      const result = await proceed();
      written = (await entriesOf(chat)).length;
      return result;
    });
    await createSearchEntries({ ...models, searchEntries }).add([turn.id]);
    expect(written).toBe(1);
    expect(await entriesOf(chat)).toEqual([]);
  });

  test('an entry of a process that dies before it has seen the chat again is marked for removal', async () => {
    const scope = newScope();
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { content: 'secret' });
    await endTurn(stores, scope, turn, { status: 'completed', answer: 'words' });
    const dying = () => Promise.reject(new Error('the process dies'));
    const searchEntries = intercept(models.searchEntries, 'updateMany', dying);
    await expect(createSearchEntries({ ...models, searchEntries }).add([turn.id])).rejects.toThrow('dies');
    expect(await entriesOf(chat)).toMatchObject([{ pendingSince: expect.any(Date) }]);
    const indexes = await db.raw.collection('searchEntries').indexes();
    expect(indexes).toContainEqual(
      expect.objectContaining({ key: { pendingSince: 1 }, expireAfterSeconds: 120 }),
    );
  });

  test('an entry that is written while its guest is claimed belongs to the user who claimed them', async () => {
    const scope = newScope();
    const guest = await stores.guests.create(scope, 'key_x' as never);
    const agent = 'agent_x' as never;
    const { id: chat } = await stores.chats.create(scope, { agent, agentType: 't', user: guest.id });
    const turn = newTurn(chat, 1, { content: 'claimed' });
    await endTurn(stores, scope, turn, { status: 'completed', answer: 'words' });
    const searchEntries = intercept(models.searchEntries, 'bulkWrite', async (proceed) => {
      await stores.guests.move(scope, guest.id, 'ann');
      return proceed();
    });
    await createSearchEntries({ ...models, searchEntries }).add([turn.id]);
    expect(await entriesOf(chat)).toMatchObject([{ user: 'ann' }]);
    expect((await stores.search.find({ ...scope, user: 'ann' }, 'claimed', { limit: 5 })).items).toHaveLength(
      1,
    );
  });
});

describe('the migration', () => {
  test('turns of release 0.1.0 are made found, and entries of deleted and moved chats are corrected', async () => {
    const scope = newScope();
    const agent = 'agent_y' as never;
    const make = (user: string) => stores.chats.create(scope, { agent, agentType: 't', user });
    const [old, deleted, moved] = [await make('ann'), await make('ann'), await make('ann')];
    await answered(scope, old.id, 'old message', 'reply');
    await answered(scope, deleted.id, 'deleted message', 'reply');
    await answered(scope, moved.id, 'moved message', 'reply');
    const entries = db.raw.collection('searchEntries');
    const orphan = await entries.findOne({ chat: deleted.id });
    await purge(scope, deleted.id);
    if (orphan) await entries.insertOne(orphan);
    await entries.deleteMany({ chat: old.id });
    await db.raw.collection('chats').updateOne({ _id: moved.id as never }, { $set: { user: 'ben' } });

    for (let run = 0; run < 2; run++) await fillSearch(context);
    const found = async (user: string) =>
      (await stores.search.find({ ...scope, user }, 'message', { limit: 5 })).items.map(({ chat }) => chat);
    expect(await found('ann')).toEqual([old.id]);
    expect(await found('ben')).toEqual([moved.id]);
    expect(await entriesOf(deleted.id)).toEqual([]);
  });
});
