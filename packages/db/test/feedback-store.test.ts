import { describe, expect, test } from 'vitest';
import { createFeedbackStore } from '../src/feedback/feedback-store.ts';
import { createModels } from '../src/models.ts';
import { inScope } from '../src/testing/index.ts';
import { endedTurn, newChat, newScope } from './examples.ts';
import { intercept } from './intercept.ts';
import { connectMongoose, startDatabase } from './start-database.ts';

const db = await startDatabase('feedback_store');
const models = createModels(await connectMongoose(db));
const { stores } = db;

/** A store of feedback that does `act` between the insert of feedback and the check that its chat still exists. */
function interruptedStore(act: () => Promise<unknown>) {
  const chats = intercept(models.chats, 'exists', async (proceed) => {
    await act();
    return proceed();
  });
  return createFeedbackStore({ ...models, chats });
}

const storedIn = (chat: string) =>
  db.raw
    .collection('feedback')
    .find({ _id: { $regex: chat } as never })
    .toArray();

async function ratedChat() {
  const scope = newScope();
  const chat = await newChat(stores, scope);
  const { answerId } = await endedTurn(stores, scope, chat, 1);
  return { scope, chat, answerId, access: inScope(scope, chat) };
}

describe('feedback and the deletion of its chat', () => {
  test('feedback that is inserted after the purge of its chat is removed', async () => {
    const { scope, chat, answerId, access } = await ratedChat();
    const store = interruptedStore(async () => {
      expect(await storedIn(chat)).toHaveLength(1);
      const [inserted] = await storedIn(chat);
      await stores.chats.markDeleted(scope, chat);
      await stores.chats.insertMarker(chat);
      await stores.chats.purge(chat);
      if (inserted) await db.raw.collection('feedback').insertOne(inserted);
    });
    expect(await store.set(access, answerId, { rating: 'up' })).toBe('missing');
    expect(await storedIn(chat)).toEqual([]);
  });

  test('feedback of a process that dies before it has seen the chat again is marked for removal', async () => {
    const { chat, answerId, access } = await ratedChat();
    const dying = interruptedStore(async () => {
      throw new Error('the process dies');
    });
    await expect(dying.set(access, answerId, { rating: 'up' })).rejects.toThrow('dies');
    expect(await storedIn(chat)).toMatchObject([{ pendingSince: expect.any(Date) }]);
    expect(await stores.feedback.set(access, answerId, { rating: 'down' })).toBe('set');
    expect(await storedIn(chat)).toEqual([expect.not.objectContaining({ pendingSince: expect.anything() })]);
    const indexes = await db.raw.collection('feedback').indexes();
    expect(indexes).toContainEqual(
      expect.objectContaining({ key: { pendingSince: 1 }, expireAfterSeconds: 120 }),
    );
  });

  test('feedback on an answer of a deleted chat is not inserted', async () => {
    const { scope, chat, answerId, access } = await ratedChat();
    await stores.chats.markDeleted(scope, chat);
    expect(await stores.feedback.set(access, answerId, { rating: 'up' })).toBe('missing');
    expect(await storedIn(chat)).toEqual([]);
  });
});
