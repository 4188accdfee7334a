import { connectDatabase } from '@parley/db';
import { expect } from 'vitest';
import { chatOf, databaseOf, type UpgradeScenario } from '../scenario.ts';

export const feedback: readonly UpgradeScenario[] = [
  {
    name: 'feedback on an answer of the old version stays readable beside it, and goes with a chat that the old version deletes',
    fields: [
      'chats.hasFeedback',
      ...['team', 'agent', 'agentVersion', 'day', 'rating', 'comment', 'updatedAt', 'pendingSince'].map(
        (name) => `feedback.${name}`,
      ),
    ],
    async run(world) {
      const database = await world.newDatabase();
      const { mongoUri: mongodbUri, ...team } = database;
      const [old, current] = [
        await world.start('old', { mongodbUri, ...team }),
        await world.start('current', { mongodbUri, ...team }),
      ];
      const { id, reply } = await chatOf(old, 'scenario/rated');
      const path = `/chat/${id}/message/${reply.body.id}/feedback`;
      const rating = { rating: 'down', comment: 'Too long.' };
      expect((await current.call('PUT', path, { body: rating })).status).toBe(200);
      expect((await current.call('GET', `/chat/${id}/message`)).body.messages[1]).toMatchObject({
        feedback: rating,
      });
      const listed = (await old.call('GET', `/chat/${id}/message`)).body.messages;
      expect(listed[1]).not.toHaveProperty('feedback');
      expect((await old.call('DELETE', `/chat/${id}`)).status).toBe(204);
      const stored = () => databaseOf(world, database).collection('feedback').countDocuments();
      // The old version does not know the collection. The migration runs again when its last server has ended.
      expect(await stored()).toBe(1);
      const connection = await connectDatabase(mongodbUri);
      await connection
        .migrate(() => undefined, { again: true, signal: AbortSignal.timeout(60_000) })
        .finally(() => connection.close());
      expect(await stored()).toBe(0);
    },
  },
  {
    name: 'answers that this version counts have the version of their agent, and both versions return the same other sums',
    fields: ['usage.agentVersion'],
    async run({ newDatabase, start }) {
      const { mongoUri: mongodbUri, ...team } = await newDatabase();
      const settings = { mongodbUri, ...team };
      const [old, current] = [await start('old', settings), await start('current', settings)];
      for (const [index, server] of [old, current].entries()) {
        const { reply } = await chatOf(server, `scenario/counted-by-version-${index}`);
        expect(reply.status).toBe(200);
      }
      const sums = async (server: typeof old, groupBy: string) =>
        (await server.call('GET', `/usage?groupBy=${groupBy}`)).body.usage;
      const turnsOf = (all: { turns: number }[]) => all.reduce((sum, { turns }) => sum + turns, 0);
      await expect.poll(async () => turnsOf(await sums(current, 'agent')), { timeout: 30_000 }).toBe(2);
      expect(await sums(old, 'agent')).toEqual(await sums(current, 'agent'));
      const versions = await sums(current, 'agentVersion');
      expect(turnsOf(versions)).toBe(2);
      expect(versions.at(-1)).toMatchObject({ agentId: team.agentId, agentVersion: 1 });
    },
  },
];
