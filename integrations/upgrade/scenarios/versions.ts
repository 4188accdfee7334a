import { expect } from 'vitest';
import { chatOf, databaseOf, type UpgradeScenario } from '../scenario.ts';

export const versions: readonly UpgradeScenario[] = [
  {
    name: 'versions of messages are rejected beside the old version, which lists the chat unchanged',
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
      // The gate stays closed here: other scenarios have servers of the old version on the same MongoDB.
      // So the fields are written as a server writes them once the upgrade is finished, and before it is taken back.
      const stored = databaseOf(world, database);
      const choice = { turn: 1, tailSequence: 1 };
      await stored
        .collection<{ _id: string }>('chats')
        .updateOne({ _id: id }, { $set: { hasVersions: true, revision: 1, choice } });
      await stored
        .collection('turns')
        .updateMany({ chat: id }, { $set: { parent: 0, path: [1, 1], removedAt: new Date() } });
      expect((await old.call('GET', `/chat/${id}/message`)).body.messages).toHaveLength(2);
    },
  },
];
