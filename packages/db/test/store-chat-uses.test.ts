import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { storeChatUses } from '../src/migrations/store-chat-uses.ts';
import { inScope } from '../src/testing/index.ts';
import { endedTurn, leaseOf, newChat, newScope, newTurn } from './examples.ts';
import { connectMongoose, migrationContextOf, startDatabase } from './start-database.ts';

const db = await startDatabase('store_chat_uses');
const context = migrationContextOf(await connectMongoose(db));
const fields = { updatedAt: '', acceptedTurns: '', endedTurns: '' } as const;

/** More than the step reads at a time. */
const CHATS = 600;

test('the migration stores when each chat of release 0.1.0 was last used, and changes no newer use', async () => {
  const { stores } = db;
  const scope = newScope();
  const chats = db.raw.collection<{ _id: string }>('chats');
  const [unused, ended, running, known, deleted] = [
    await newChat(stores, scope),
    await newChat(stores, scope),
    await newChat(stores, scope),
    await newChat(stores, scope),
    await newChat(stores, scope),
  ];
  const template = await chats.findOne({ _id: unused });
  await chats.insertMany(
    Array.from({ length: CHATS }, () => ({ ...template, _id: mintId('chat') as string })),
  );
  for (const chat of [ended, known, deleted]) await endedTurn(stores, scope, chat, 1);
  await stores.turns.insert(inScope(scope, running), newTurn(running, 1, { lease: leaseOf('token') }));
  await chats.updateMany({}, { $unset: fields });
  const later = new Date(Date.now() + 60_000);
  await stores.chats.noteUses([{ ...scope, chat: known, at: later, accepted: 7, ended: 7 }]);
  await stores.chats.markDeleted(scope, deleted);

  for (let run = 0; run < 2; run++) await storeChatUses(context);

  const turnOf = (chat: string) => db.raw.collection('turns').findOne({ chat });
  const useOf = async (chat: string) => {
    const { updatedAt, acceptedTurns, endedTurns } = (await chats.findOne({ _id: chat })) as never;
    return { updatedAt, acceptedTurns, endedTurns };
  };
  const created = template as unknown as { createdAt: Date };
  expect(await useOf(unused)).toEqual({ updatedAt: created.createdAt });
  expect(await useOf(ended)).toEqual({
    ...{ updatedAt: (await turnOf(ended))?.['endedAt'], acceptedTurns: 1, endedTurns: 1 },
  });
  expect(await useOf(running)).toEqual({
    updatedAt: (await turnOf(running))?.['createdAt'],
    acceptedTurns: 1,
  });
  expect(await useOf(known)).toEqual({ updatedAt: later, acceptedTurns: 7, endedTurns: 7 });
  expect(await useOf(deleted)).toEqual({});
  expect(await chats.countDocuments({ team: scope.team, updatedAt: { $exists: false } })).toBe(0);
});
