import { randomBytes } from 'node:crypto';
import { type Id, isId } from '@parley/contract';
import { connectDatabase, readEncryptionKeys } from '@parley/db';
import { SignJWT } from 'jose';
import { mongo } from 'mongoose';
import { expect } from 'vitest';
import { type Server, send, type UpgradeScenario, type World } from '../scenario.ts';

/** A server remembers a team's signing secrets for some seconds. */
const SOON = { timeout: 30_000 };
const USER = 'of_a_secret';

const tool = {
  name: 'look_up',
  description: 'Looks an order up.',
  parameters: { type: 'object', properties: {} },
  url: 'https://example.com/orders',
  headers: { authorization: 'Bearer of-an-encrypted-tool' },
};
const agent = { name: 'Ada', type: 'support', systemPrompt: 'First.', tools: [tool] };
const kept = { ...agent, tools: [{ ...tool, headers: { authorization: null } }] };

/** A database that the old release made, with a server of each version; this one has a key to encrypt with. */
async function startBoth({ newDatabase, start }: World) {
  const { mongoUri, ...team } = await newDatabase();
  const encryptionKey = randomBytes(32).toString('base64');
  const own = { mongodbUri: mongoUri, ...team };
  const old = await start('old', own);
  const current = await start('current', { ...own, encryptionKey });
  const { key } = (await old.call('POST', '/key', { body: { kind: 'publishable', access: 'verified' } }))
    .body;
  return { own, old, current, pageKey: key as string, encryptionKey };
}

/** Makes a signing secret, and answers what a user with a token of it is sent with. */
async function headersBy(server: Server): Promise<{ secret: string; headers: Record<string, string> }> {
  const { body } = await server.call('POST', '/signing-secret', { body: { overlapSeconds: 3_600 } });
  const team = (await server.call('GET', '/team')).body.id;
  const token = await new SignJWT()
    .setProtectedHeader({ alg: 'HS256', kid: body.id })
    .setSubject(USER)
    .setAudience(team)
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(body.secret));
  return { secret: body.secret, headers: { 'x-user-token': token } };
}

/** All stored secrets as one text. */
async function storedSecrets(mongoUri: string): Promise<string> {
  await using client = await mongo.MongoClient.connect(mongoUri);
  const names = ['signingSecrets', 'agents'];
  return JSON.stringify(
    await Promise.all(names.map((name) => client.db().collection(name).find().toArray())),
  );
}

export const encryptedSecrets: readonly UpgradeScenario[] = [
  {
    name: 'secrets stay in clear and work at both versions while the old one is connected; a server of this one needs the key',
    async run(world) {
      const { own, old, current, pageKey } = await startBoth(world);
      for (const making of [current, old]) {
        const { secret, headers } = await headersBy(making);
        for (const server of [old, current]) {
          const status = async () => (await server.call('GET', '/chat', { key: pageKey, headers })).status;
          await expect.poll(status, SOON).toBe(200);
        }
        expect(await storedSecrets(own.mongodbUri)).toContain(secret);
      }
      const { body: made } = await current.call('POST', '/agent', { body: agent });
      expect((await old.call('PUT', `/agent/${made.id}`, { body: kept })).status).toBe(200);
      expect(await storedSecrets(own.mongodbUri)).toContain('of-an-encrypted-tool');

      await expect(world.start('current', own)).rejects.toThrow(
        'this server has no key. Set ENCRYPTION_KEY to the key that the first server was started with',
      );
      const otherKey = randomBytes(32).toString('base64');
      await expect(world.start('current', { ...own, encryptionKey: otherKey })).rejects.toThrow(
        'encrypted with another key than this server has. Set ENCRYPTION_KEY to the key of the database',
      );
    },
  },
  {
    name: 'once secrets are encrypted the old version rejects tokens of these secrets, and serves everything else',
    async run(world) {
      const { own, old, current, pageKey, encryptionKey } = await startBoth(world);
      const before = await headersBy(old);
      const { body: made } = await old.call('POST', '/agent', { body: agent });
      const keys = readEncryptionKeys(encryptionKey, undefined);
      const database = await connectDatabase(own.mongodbUri, { encryption: { keys, settleMs: 100 } });
      try {
        // The same as `encryption on --yes`.
        await database.encryption.turnOn();
        expect(await storedSecrets(own.mongodbUri)).not.toMatch(/ss_live_|of-an-encrypted-tool/);

        const ask = (server: Server, headers: Record<string, string>) =>
          server.call('GET', '/chat', { key: pageKey, headers });
        const codeAtOld = async () => (await ask(old, before.headers)).body.code;
        await expect.poll(codeAtOld, SOON).toBe('user_token_invalid');
        expect((await ask(current, before.headers)).status).toBe(200);
        const { body: chat } = await old.call('POST', '/chat', { body: { agentId: own.agentId } });
        expect((await send(old, chat.id, 'scenario/beside-encrypted-secrets')).status).toBe(200);
        expect((await send(current, chat.id, 'scenario/with-encrypted-secrets')).status).toBe(200);

        // A secret that the old version makes then is stored in clear, and works at both.
        const after = await headersBy(old);
        for (const server of [old, current]) {
          await expect.poll(async () => (await ask(server, after.headers)).status, SOON).toBe(200);
        }
        // A header that the old version cannot read is kept by it as it is.
        const changed = { ...kept, systemPrompt: 'Second.' };
        expect((await old.call('PUT', `/agent/${made.id}`, { body: changed })).body).toMatchObject({
          version: 2,
        });
        const team: string = (await current.call('GET', '/team')).body.id;
        if (!isId('team', team)) throw new Error(`${team} is no id of a team`);
        const stored = await database.stores.agents.get({ team }, made.id as Id<'agent'>);
        expect(stored?.tools?.[0]?.headers).toEqual(tool.headers);
      } finally {
        await database.close();
      }
    },
  },
];
