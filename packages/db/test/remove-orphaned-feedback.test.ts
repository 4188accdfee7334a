import { markerIdOf } from '@parley/contract';
import { expect, test } from 'vitest';
import { removeOrphanedFeedback } from '../src/migrations/remove-orphaned-feedback.ts';
import { inScope } from '../src/testing/index.ts';
import { endedTurn, newChat, newScope } from './examples.ts';
import { connectMongoose, migrationContextOf, startDatabase } from './start-database.ts';

const db = await startDatabase('remove_orphaned_feedback');
const context = migrationContextOf(await connectMongoose(db));

test('the migration removes feedback on deleted answers, and no other feedback', async () => {
  const { stores, raw } = db;
  const scope = newScope();
  const [kept, deleted] = [await newChat(stores, scope), await newChat(stores, scope)];
  for (const chat of [kept, deleted]) {
    const { answerId } = await endedTurn(stores, scope, chat, 1);
    expect(await stores.feedback.set(inScope(scope, chat), answerId, { rating: 'up' })).toBe('set');
  }
  const orphan = await raw.collection('feedback').findOne({ _id: { $regex: deleted } as never });
  await stores.chats.markDeleted(scope, deleted);
  await stores.chats.insertMarker(deleted);
  await stores.chats.purge(deleted);
  // As release 0.1.0 deletes a chat: placeholders and the marker stay for a day, and the feedback for ever.
  expect(
    await raw
      .collection('turns')
      .countDocuments({ chat: deleted, _id: { $ne: markerIdOf(deleted) as never } }),
  ).toBe(1);
  if (orphan) await raw.collection('feedback').insertOne(orphan);

  await removeOrphanedFeedback(context);
  const left = await raw.collection('feedback').find().toArray();
  expect(left.map(({ _id }) => String(_id).split(' ')[0])).toEqual([kept]);
});
