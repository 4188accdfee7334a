import { expect } from 'vitest';
import { chatOf, databaseOf, send, type UpgradeScenario } from '../scenario.ts';

export const versions: readonly UpgradeScenario[] = [
  {
    name: 'versions of messages are rejected beside the old version, and its chats get them once it has ended',
    fields: [
      ...['hasVersions', 'revision'].map((name) => `chats.${name}`),
      ...['turn', 'tailSequence'].map((name) => `chats.choice.${name}`),
      ...['parent', 'path', 'removedAt'].map((name) => `turns.${name}`),
    ],
    async run(world) {
      const database = await world.newDatabase();
      const { mongoUri: mongodbUri, ...team } = database;
      const settings = { mongodbUri, ...team };
      const [old, current] = [await world.start('old', settings), await world.start('current', settings)];
      const { id, reply } = await chatOf(old, 'scenario/versions-0');
      const list = async () => (await current.call('GET', `/chat/${id}/message`)).body.messages;
      const [asked] = await list();
      const answer = `/chat/${id}/message/${reply.body.id}`;
      const replace = () =>
        current.call('POST', `/chat/${id}/message`, {
          body: { content: 'scenario/versions-1', role: 'user', replaces: asked.id },
        });
      for (const rejected of [await replace(), await current.call('POST', `${answer}/retry`)])
        expect([rejected.status, rejected.body.code]).toEqual([503, 'versions_unavailable']);
      expect(await list()).toHaveLength(2);
      await old[Symbol.asyncDispose]();
      const replaced = async () => (await replace()).status;
      await expect.poll(replaced, { timeout: 30_000, interval: 500 }).toBe(200);
      const [version] = await list();
      expect(version.siblings).toMatchObject({ index: 1, count: 2, ids: [asked.id, version.id] });
      const chosen = await current.call('PUT', `/chat/${id}/path`, { body: { messageId: asked.id } });
      expect(chosen.status).toBe(204);
      const chat = await databaseOf(world, database)
        .collection<{ _id: string }>('chats')
        .findOne({ _id: id });
      expect(chat).toMatchObject({ hasVersions: true, choice: { turn: 1, tailSequence: 2 } });
      expect((await send(current, id, 'scenario/versions-2')).status).toBe(200);
      const contents = (await list()).map(({ content }: { content: string }) => content);
      expect(contents.filter((_: string, index: number) => index % 2 === 0)).toEqual([
        ...['scenario/versions-0', 'scenario/versions-2'],
      ]);
      // The old version starts again after an upgrade was taken back. It lists every version.
      const back = await world.start('old', settings);
      expect((await back.call('GET', `/chat/${id}/message`)).body.messages).toHaveLength(6);
    },
  },
];
