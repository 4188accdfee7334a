import { connectDatabase } from '@parley/db';
import { expect } from 'vitest';
import { chatOf, send, type UpgradeScenario } from '../scenario.ts';

const names = ['team', 'agent', 'user', 'chat', 'words', 'pendingSince'];

export const search: readonly UpgradeScenario[] = [
  {
    name: 'messages of the old version are found after the migration, and no message of a chat that it deletes',
    fields: names.map((name) => `searchEntries.${name}`),
    async run(world) {
      const { mongoUri: mongodbUri, ...team } = await world.newDatabase();
      const [old, current] = [
        await world.start('old', { mongodbUri, ...team }),
        await world.start('current', { mongodbUri, ...team }),
      ];
      const { agentId } = team;
      const body = { agentId, userId: 'scenario-user' };
      const ofUser = (await current.call('POST', '/chat', { body })).body.id;
      await send(current, ofUser, 'scenario/of a user');
      const [byOld, byCurrent] = [
        await chatOf(old, 'scenario/found by the old version'),
        await chatOf(current, 'scenario/found by this version'),
      ];
      const found = async () => {
        const { body } = await current.call('GET', '/search?q=found%20version');
        return body.results.map(({ chatId }: { chatId: string }) => chatId);
      };
      await expect.poll(found, { timeout: 30_000 }).toContain(byCurrent.id);
      const migrate = async () => {
        const connection = await connectDatabase(mongodbUri);
        await connection
          .migrate(() => undefined, { again: true, signal: AbortSignal.timeout(60_000) })
          .finally(() => connection.close());
      };
      await migrate();
      expect((await found()).sort()).toEqual([byOld.id, byCurrent.id].sort());
      expect((await old.call('DELETE', `/chat/${byCurrent.id}`)).status).toBe(204);
      // The old version does not know the collection, but its deletion hides the chat.
      expect(await found()).toEqual([byOld.id]);
      await migrate();
      expect(await found()).toEqual([byOld.id]);
    },
  },
];
