import { connectDatabase } from '@parley/db';
import { expect } from 'vitest';
import { chatOf, contentsOf, type Server, send, type UpgradeScenario } from '../scenario.ts';

async function listByUse(server: Server): Promise<{ id: string; isAnswering?: true }[]> {
  return (await server.call('GET', '/chat?order=updated')).body.chats;
}

async function useOf(server: Server, chat: string): Promise<string> {
  return (await server.call('GET', `/chat/${chat}?withMessages=false`)).body.updatedAt;
}

export const chatUses: readonly UpgradeScenario[] = [
  {
    name: 'a chat that both versions use is listed by its use at this version, and by all uses once migrated',
    fields: ['chats.updatedAt', 'chats.acceptedTurns', 'chats.endedTurns'],
    async run({ newDatabase, start }) {
      const { mongoUri, ...team } = await newDatabase();
      const own = { mongodbUri: mongoUri, ...team };
      const [old, current] = [await start('old', own), await start('current', own)];
      const { id: ofOld } = await chatOf(old, 'scenario/a chat of the old version');
      const { id: ofCurrent } = await chatOf(current, 'scenario/a chat of this version');
      const created = (await current.call('GET', `/chat/${ofOld}`)).body.createdAt;
      expect(Date.parse(await useOf(current, ofOld))).toBeGreaterThanOrEqual(Date.parse(created));
      expect((await listByUse(current)).map(({ id }) => id)).toEqual([ofCurrent, ofOld]);

      // The next turn at this version is noted, also in a chat that the other version made.
      expect((await send(current, ofOld, 'scenario/used at this version')).status).toBe(200);
      await expect.poll(async () => (await listByUse(current))[0]?.id, { timeout: 10_000 }).toBe(ofOld);
      expect((await send(old, ofCurrent, 'scenario/used at the old version')).status).toBe(200);
      expect(await contentsOf(old, ofOld)).toEqual(await contentsOf(current, ofOld));

      const database = await connectDatabase(mongoUri);
      await database
        .migrate(() => undefined, { again: true, signal: AbortSignal.timeout(60_000) })
        .finally(() => database.close());
      const listed = await listByUse(current);
      expect(listed.map(({ id }) => id)).toEqual([ofCurrent, ofOld]);
      expect(listed.filter(({ isAnswering }) => isAnswering)).toEqual([]);
    },
  },
  {
    name: 'a follower of the list at this version learns of the next use of a chat that the old version made',
    fields: ['chatChanges.team', 'chatChanges.user', 'chatChanges.agent', 'chatChanges.at'],
    async run({ old, current }) {
      const { id } = await chatOf(old, 'scenario/followed', { userId: 'user_1' });
      const stop = new AbortController();
      const headers = { 'x-api-key': current.key };
      const stream = await fetch(`${current.url}/chat/events`, { headers, signal: stop.signal });
      expect(stream.status).toBe(200);
      expect((await send(current, id, 'scenario/followed by this version')).status).toBe(200);
      let text = '';
      for await (const bytes of stream.body ?? []) {
        text += Buffer.from(bytes).toString();
        if (text.includes(id)) break;
      }
      stop.abort();
      expect(text).toContain('list-followed');
      expect(text).toMatch(/"type":"list-chat"/);
      expect(await contentsOf(old, id)).toEqual(await contentsOf(current, id));
    },
  },
];
