import { expect } from 'vitest';
import type { Server, UpgradeScenario } from '../scenario.ts';

const actionsAt = async (server: Server): Promise<{ id: string; action: string }[]> =>
  (await server.call('GET', '/audit')).body.entries;

export const audit: readonly UpgradeScenario[] = [
  {
    name: 'both versions list the audit entries of each other, and the old one those without what it does not know',
    fields: ['auditLog.address', 'auditLog.details', 'auditLog.isRefused'],
    async run({ newDatabase, start }) {
      const { mongoUri: mongodbUri, ...team } = await newDatabase();
      const settings = { mongodbUri, ...team };
      const [old, current] = [await start('old', settings), await start('current', settings)];
      await old.call('POST', '/key', { body: { kind: 'secret' } });
      const { body: limited } = await current.call('POST', '/key', {
        body: { kind: 'secret', tokensPerDay: 900_000, scopes: ['keys:write', 'chats:read'] },
      });
      const refused = await current.call('POST', '/key', {
        key: limited.key,
        body: { kind: 'secret', scopes: ['agents:write'] },
      });
      expect(refused.status).toBe(403);
      await expect.poll(async () => (await actionsAt(current)).length, { timeout: 30_000 }).toBe(3);
      const [rejected, made] = await actionsAt(current);
      expect(rejected).toMatchObject({ outcome: 'refused', address: expect.any(String) });
      expect(made).toMatchObject({ action: 'key.create', outcome: 'done', details: expect.any(Object) });
      const entries = await actionsAt(old);
      const plain = (all: { id: string; action: string }[]) => all.map(({ id, action }) => [id, action]);
      expect(plain(entries)).toEqual(plain(await actionsAt(current)));
    },
  },
];
