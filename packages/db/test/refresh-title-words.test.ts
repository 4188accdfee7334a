import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { refreshTitleWords } from '../src/migrations/refresh-title-words.ts';
import { newScope } from './examples.ts';
import { connectMongoose, migrationContextOf, startDatabase } from './start-database.ts';

const db = await startDatabase('refresh_title_words');
const context = migrationContextOf(await connectMongoose(db));

/** More than the step reads at a time. */
const CHATS = 1_100;

test('the migration lets every title of release 0.1.0 be found by the words of this release', async () => {
  const scope = newScope();
  const agent = mintId('agent');
  const chat = await db.stores.chats.create(scope, { agent, agentType: 'support' });
  const untitled = await db.stores.chats.create(scope, { agent, agentType: 'support' });
  const stored = await db.raw.collection('chats').findOne({ team: scope.team });
  const titles = { title: 'Łódź with Node.js', titleBeginnings: ['ł', 'łodz', 'node.js'] };
  const chats = db.raw.collection<{ _id: string }>('chats');
  await chats.updateOne({ _id: chat.id }, { $set: titles });
  await chats.insertMany(
    Array.from({ length: CHATS }, () => ({ ...stored, ...titles, _id: mintId('chat') as string })),
  );
  const found = async (search: string) =>
    (await db.stores.chats.list(scope, { search }, { limit: 2_000 })).items.length;
  expect([await found('lodz'), await found('js'), await found('łódź')]).toEqual([0, 0, CHATS + 1]);

  for (let run = 0; run < 2; run++) await refreshTitleWords(context);
  expect([await found('lodz'), await found('js'), await found('łódź')]).toEqual(Array(3).fill(CHATS + 1));
  expect(await chats.findOne({ _id: untitled.id })).not.toHaveProperty('titleBeginnings');
});
