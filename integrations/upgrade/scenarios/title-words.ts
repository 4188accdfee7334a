import { connectDatabase } from '@parley/db';
import { expect } from 'vitest';
import type { Server, UpgradeScenario } from '../scenario.ts';

async function titledChat(server: Server, title: string): Promise<string> {
  const { body } = await server.call('POST', '/chat', { body: { agentId: server.agentId } });
  expect((await server.call('PATCH', `/chat/${body.id}`, { body: { title } })).status).toBe(200);
  return body.id;
}

async function find(server: Server, search: string): Promise<string[]> {
  const { body } = await server.call('GET', `/chat?search=${encodeURIComponent(search)}`);
  return body.chats.map(({ id }: { id: string }) => id);
}

export const titleWords: readonly UpgradeScenario[] = [
  {
    name: 'both versions find each other’s titles by words as they are typed, and this one by all spellings once migrated',
    async run({ newDatabase, start }) {
      const { mongoUri, ...team } = await newDatabase();
      const own = { mongodbUri: mongoUri, ...team };
      const [old, current] = [await start('old', own), await start('current', own)];
      const ofOld = await titledChat(old, 'Łódź with Node.js');
      const ofCurrent = await titledChat(current, 'Łódź in spring');
      for (const server of [old, current]) {
        expect(await find(server, 'Łódź')).toEqual([ofCurrent, ofOld]);
        expect(await find(server, 'spring')).toEqual([ofCurrent]);
      }
      // The old version stores no other spelling of a word.
      expect(await find(current, 'lodz')).toEqual([ofCurrent]);
      const database = await connectDatabase(mongoUri);
      await database
        .migrate(() => undefined, { again: true, signal: AbortSignal.timeout(60_000) })
        .finally(() => database.close());
      expect(await find(current, 'lodz')).toEqual([ofCurrent, ofOld]);
      expect(await find(current, 'js')).toEqual([ofOld]);
      expect(await find(old, 'Łódź')).toEqual([ofCurrent, ofOld]);
    },
  },
];
