import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { removeEndedNetworks } from '../src/migrations/remove-ended-networks.ts';
import { inScope } from '../src/testing/index.ts';
import { endTurn, newScope, newTurn } from './examples.ts';
import { connectMongoose, migrationContextOf, startDatabase } from './start-database.ts';

const db = await startDatabase('remove_ended_networks');
const context = migrationContextOf(await connectMongoose(db));

const origin = { isPrivileged: false, networks: ['hash-of-an-address'] };
/** More than the step reads at a time. */
const TURNS = 1_100;

test('the migration removes the hashed address of every ended turn, and of no turn that waits', async () => {
  const scope = newScope();
  const started = { _id: 1, name: 's', software: '0', minimumServer: 0, startedAt: new Date() };
  await db.raw.collection<{ _id: number }>('migrations').insertOne(started);
  const ended = Array.from({ length: TURNS }, () => newTurn(mintId('chat'), 1, { origin }));
  const waiting = newTurn(mintId('chat'), 1, { origin });
  await db.stores.turns.insert(inScope(scope, waiting.chat), waiting);
  await endTurn(db.stores, scope, ended[0] ?? waiting, { status: 'completed', answer: 'a' });
  const stored = await db.raw.collection('turns').findOne({ status: 'completed' });
  // As release 0.1.0 ends them.
  await db.raw.collection('turns').updateOne({ status: 'completed' }, { $set: { origin } });
  await db.raw
    .collection<{ _id: string }>('turns')
    .insertMany(ended.slice(1).map(({ id, chat }) => ({ ...stored, _id: id, chat, origin })));

  await removeEndedNetworks(context);
  const turns = db.raw.collection('turns');
  expect(await turns.countDocuments({ status: 'completed', origin: { isPrivileged: false } })).toBe(TURNS);
  expect(await turns.findOne({ status: 'queued' })).toMatchObject({ origin });
});
