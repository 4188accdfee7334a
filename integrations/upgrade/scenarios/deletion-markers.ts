import { type Id, markerIdOf } from '@parley/contract';
import { connectDatabase } from '@parley/db';
import { expect } from 'vitest';
import { chatOf, contentsOf, send, type UpgradeScenario, type World } from '../scenario.ts';

const SOON = { timeout: 60_000 };
const ROUNDS = 8;
const TRIES = 5;

/** Selects the deletion marker of a chat. */
const markerOf = (chat: string) => ({ _id: markerIdOf(chat as Id<'chat'>) as never });

/** Judges a chat as this version's retention does: its marker goes behind this very turn, and nowhere else. */
async function insertMarkerBehind({ mongoUri, raw }: World, chat: string, sequence: number) {
  const { stores, close } = await connectDatabase(mongoUri);
  const found = await raw.collection<{ _id: string; team: Id<'team'> }>('chats').findOne({ _id: chat });
  if (!found) throw new Error(`chat ${chat} is not there`);
  return stores.chats.insertMarkerBehind({ team: found.team }, chat as Id<'chat'>, sequence).finally(close);
}

/** Keeps the recovery loops from marking the chat of a marker as deleted, until it is let go. */
async function holdMarker({ raw }: World, chat: string) {
  const turns = raw.collection('turns');
  await turns.updateOne(markerOf(chat), { $unset: { pendingSince: 1 } });
  return () => turns.updateOne(markerOf(chat), { $set: { pendingSince: new Date() } });
}

/**
 * A chat that this version purged leaves its marker and placeholders of recent turns, which hold no team, no content and no
 * usage.
 */
async function expectDeleted(world: World, chat: string): Promise<void> {
  const { old, current, raw } = world;
  const turns = raw.collection('turns');
  for (const server of [old, current]) {
    await expect.poll(async () => (await server.call('GET', `/chat/${chat}`)).status, SOON).toBe(404);
    expect((await send(server, chat, 'scenario/too-late-for-this')).status).toBe(404);
  }
  // The recovery loop of release 0.1.0 purges a marked chat whole, with its marker.
  const isPurgedWhole = async () =>
    (await turns.countDocuments({ chat })) === 0 &&
    (await raw.collection('chats').countDocuments({ _id: chat as never, purgedAt: { $exists: true } })) === 1;
  const hasMarker = async () => (await turns.countDocuments(markerOf(chat))) === 1;
  await expect.poll(async () => (await hasMarker()) || isPurgedWhole(), SOON).toBe(true);
  const notRemoved = { chat, $or: [{ team: { $exists: true } }, { purgedAt: { $exists: false } }] };
  await expect.poll(() => turns.countDocuments(notRemoved), SOON).toBe(0);
  for (const turn of await turns.find({ chat }).toArray())
    expect(turn).toMatchObject({ messages: [], usage: [], purgedAt: expect.any(Date) });
}

export const deletionMarkers: readonly UpgradeScenario[] = [
  {
    name: 'the old version reads a deletion marker as the end of a full chat: it lists nothing of it and takes no message',
    fields: ['turns.pendingSince', 'turns.purgedAt'],
    async run(world) {
      const { old } = world;
      for (let number = 1; ; number++) {
        const { id } = await chatOf(old, `scenario/judged-by-retention-${number}`);
        expect(await insertMarkerBehind(world, id, 1)).toBe(true);
        const release = await holdMarker(world, id);
        // The recovery loop may have marked the chat as deleted before that.
        if ((await old.call('GET', `/chat/${id}`)).status === 404 && number < TRIES) continue;
        const sent = await send(old, id, 'scenario/behind-a-marker');
        expect([sent.status, sent.body.code]).toEqual([409, 'chat_full']);
        expect(await contentsOf(old, id)).toHaveLength(2);
        expect((await old.call('GET', `/chat/${id}`)).body.messages).toHaveLength(2);
        await release();
        return expectDeleted(world, id);
      }
    },
  },
  {
    name: 'retention at this version keeps a chat that got a message through the old one, and takes none after its marker',
    async run(world) {
      const { old } = world;
      for (let round = 0; round < ROUNDS; round++) {
        const { id } = await chatOf(old, `scenario/judged-${round}`);
        const [isDeleted, sent] = await Promise.all([
          insertMarkerBehind(world, id, 1),
          send(old, id, `scenario/meanwhile-${round}`),
        ]);
        if (isDeleted) {
          expect([404, 409]).toContain(sent.status);
          await expectDeleted(world, id);
        } else {
          expect(sent.status).toBe(200);
          expect(await contentsOf(world.current, id)).toHaveLength(4);
          expect(await contentsOf(old, id)).toHaveLength(4);
        }
      }
      // A message that came first always keeps its chat.
      const { id } = await chatOf(old, 'scenario/judged-too-late');
      expect((await send(old, id, 'scenario/answered')).status).toBe(200);
      expect(await insertMarkerBehind(world, id, 1)).toBe(false);
      expect(await contentsOf(world.current, id)).toHaveLength(4);
    },
  },
  {
    name: 'a message that is sent through the old version while this one deletes its chat is answered, or rejected, and leaves nothing',
    async run(world) {
      const { old, current, model, raw } = world;
      for (let round = 0; round < ROUNDS; round++) {
        const { id } = await chatOf(old, `scenario/deleted-while-sent-${round}`);
        const calls = model.calls.length;
        const sending = send(old, id, `scenario/while-deleted-${round}`);
        // Half of them while the message is being accepted, half while its answer is being written.
        if (round % 2 === 1) await model.called(calls + 1);
        expect((await current.call('DELETE', `/chat/${id}`)).status).toBe(204);
        const sent = await sending;
        expect([200, 404, 409]).toContain(sent.status);
        await expectDeleted(world, id);
        await expect
          .poll(() => raw.collection('turnLog').countDocuments({ turn: sent.body.id ?? '' }), SOON)
          .toBe(0);
      }
    },
  },
];
