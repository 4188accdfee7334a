import { randomBytes } from 'node:crypto';
import { connectDatabase, readEncryptionKeys } from '@parley/db';
import { expect } from 'vitest';
import { chatOf, contentsOf, databaseOf, type UpgradeScenario } from '../scenario.ts';
import { type Cookies, visit } from './visitors.ts';

const newKey = () => randomBytes(32).toString('base64');

/** Connects as the admin command does, and runs one of its operations on the encryption. */
async function encrypt(
  mongoUri: string,
  [key, previous]: readonly [string, string?],
  operation: 'turnOn' | 'rotate',
) {
  const keys = readEncryptionKeys(key, previous);
  const database = await connectDatabase(mongoUri, { encryption: { keys, settleMs: 100 } });
  await database.encryption[operation]().finally(() => database.close());
}

export const sealedKeys: readonly UpgradeScenario[] = [
  {
    name: 'visitors and guests of this version stay themselves while the keys of servers are encrypted and rotated beside the old one',
    fields: [
      ...['key', 'createdAt'].map((name) => `serverKeys.${name}`),
      ...['keyId', 'check', 'isOn', 'isPending', 'rotatingFrom', 'retired', 'createdAt'].map(
        (name) => `encryption.${name}`,
      ),
      'guests.network',
    ],
    async run(world) {
      const database = await world.newDatabase();
      const { mongoUri: mongodbUri, ...team } = database;
      const [encryptionKey, nextKey] = [newKey(), newKey()];
      const old = await world.start('old', { mongodbUri, ...team });
      const access = { kind: 'publishable', access: 'guest' };
      const { key } = (await old.call('POST', '/key', { body: access })).body;
      const page = { mongodbUri, ...team, pageKey: key };
      const current = await world.start('current', { ...page, encryptionKey });
      const browser: Cookies = new Map();
      const visitor = await visit(current, browser);
      const { body: guest } = await current.call('POST', '/guest', { key });
      const as = { key, headers: { 'x-user-token': guest.token } };
      const { id } = await chatOf(old, 'scenario/of-a-sealed-guest', {}, as);

      const keys = databaseOf(world, database).collection('serverKeys');
      const plain = await keys.find().toArray();
      await encrypt(mongodbUri, [encryptionKey], 'turnOn');
      const sealed = await keys.find().toArray();
      expect(sealed.map(({ _id }) => _id)).toEqual(plain.map(({ _id }) => _id));
      for (const { key } of plain) expect(JSON.stringify(sealed)).not.toContain(key);
      expect((await visit(current, browser)).userId).toBe(visitor.userId);
      await current[Symbol.asyncDispose]();

      await encrypt(mongodbUri, [nextKey, encryptionKey], 'rotate');
      const next = await world.start('current', { ...page, encryptionKey: nextKey });
      expect((await visit(next, browser)).userId).toBe(visitor.userId);
      for (const server of [old, next]) {
        expect((await server.call('GET', `/chat/${id}/message`, as)).body.messages).toHaveLength(2);
        expect(await contentsOf(server, id)).toHaveLength(2);
      }
    },
  },
];
