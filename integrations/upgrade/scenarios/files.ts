import { Readable } from 'node:stream';
import { connectDatabase } from '@parley/db';
import { expect } from 'vitest';
import { databaseOf, type UpgradeScenario } from '../scenario.ts';

const content = Buffer.from('The text of a file.');

export const files: readonly UpgradeScenario[] = [
  {
    name: 'files stay readable beside the old version, which does not know them, and are removed a day after their upload',
    fields: [
      ...[
        'team',
        'user',
        'agents',
        'filename',
        'mediaType',
        'bytes',
        'unsentSince',
        'removedAt',
        'createdAt',
      ].map((name) => `files.${name}`),
      ...['files.idempotency.key', 'files.idempotency.body', 'fileStorage.team', 'fileStorage.bytes'],
      ...['length', 'chunkSize', 'uploadDate', 'filename'].map((name) => `fileContents.files.${name}`),
      ...['files_id', 'n', 'data'].map((name) => `fileContents.chunks.${name}`),
    ],
    async run(world) {
      const database = await world.newDatabase();
      const { mongoUri: mongodbUri, ...own } = database;
      const settings = { mongodbUri, ...own };
      const [old, current] = [await world.start('old', settings), await world.start('current', settings)];
      const { body: key } = await current.call('POST', '/key', {
        body: { kind: 'publishable', access: 'open', agentIds: [own.agentId] },
      });
      const upload = async (apiKey: string) => {
        const response = await fetch(`${current.url}/file?filename=notes.txt`, {
          method: 'POST',
          headers: {
            'x-api-key': apiKey,
            'content-type': 'text/plain',
            'idempotency-key': `${apiKey} notes`.replace(' ', '-'),
          },
          body: content,
        });
        expect(response.status).toBe(200);
        return (await response.json()) as { id: string };
      };
      for (const apiKey of [current.key, key.key]) {
        const { id } = await upload(apiKey);
        expect((await current.call('GET', `/file/${id}`)).body).toMatchObject({ bytes: content.length });
        expect((await old.call('GET', `/file/${id}`)).status).toBe(404);
      }
      const connection = await connectDatabase(mongodbUri);
      try {
        const { files: store } = connection.stores;
        const { body: team } = await current.call('GET', '/team');
        const id = await store.begin({ team: team.id, user: 'ann' }, 'notes.txt');
        await store.write(id, Readable.from([content]));
        await store.finish({ team: team.id }, id, { mediaType: 'text/plain', bytes: content.length }, 1_000);
        await store.sweep(new Date(Date.now() + 25 * 60 * 60 * 1_000), 100);
      } finally {
        await connection.close();
      }
      const left = databaseOf(world, database).collection('fileContents.chunks').countDocuments();
      expect(await left).toBe(0);
    },
  },
  {
    name: 'a message with files keeps them beside the old version, which does not know them',
    fields: [
      ...['agents.versions.accepts', 'files.chat', 'files.expiringSince'],
      ...['id', 'filename', 'mediaType', 'bytes'].map((name) => `turns.messages.files.${name}`),
    ],
    async run(world) {
      const database = await world.newDatabase();
      const { mongoUri: mongodbUri, ...own } = database;
      const settings = { mongodbUri, ...own };
      const [old, current] = [await world.start('old', settings), await world.start('current', settings)];
      const { body: agent } = await current.call('POST', '/agent', {
        body: { name: 'Ada', type: 'support', accepts: ['text', 'pdf'] },
      });
      const { body: chat } = await current.call('POST', '/chat', { body: { agentId: agent.id } });
      const response = await fetch(`${current.url}/file?filename=notes.txt`, {
        method: 'POST',
        headers: { 'x-api-key': current.key, 'content-type': 'text/plain' },
        body: content,
      });
      const { id } = (await response.json()) as { id: string };
      const path = `/chat/${chat.id}/message`;
      const sent = await current.call('POST', path, {
        body: { role: 'user', content: 'Read this.', files: [id] },
      });
      expect(sent.status).toBe(200);
      const atOld = await old.call('POST', path, { body: { role: 'user', content: 'And now?' } });
      expect(atOld.status).toBe(200);
      expect((await old.call('GET', path)).body.messages).toHaveLength(4);
      const [message] = (await current.call('GET', path)).body.messages;
      expect(message.parts).toMatchObject([{ type: 'text' }, { type: 'file', filename: 'notes.txt' }]);
      const connection = await connectDatabase(mongodbUri);
      try {
        const { files: store } = connection.stores;
        const days = (count: number) => new Date(Date.now() + count * 24 * 60 * 60 * 1_000);
        for (const day of [2, 3]) await store.sweep(days(day), 100);
        expect((await current.call('GET', `/file/${id}`)).status).toBe(200);
      } finally {
        await connection.close();
      }
    },
  },
];
