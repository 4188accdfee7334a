import { connectDatabase } from '@parley/db';
import { SignJWT } from 'jose';
import { expect } from 'vitest';
import { chatOf, contentsOf, type Server, type UpgradeScenario } from '../scenario.ts';

/** A key that was revoked is rejected within five seconds; a busy machine gets some more. */
const SOON = { timeout: 30_000 };

async function teamOf(server: Server): Promise<string> {
  return (await server.call('GET', '/team')).body.id;
}

async function tokenOf(secret: string, team: string, user: string): Promise<string> {
  return await new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setAudience(team)
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(secret));
}

const both = ({ old, current }: { old: Server; current: Server }) =>
  [
    ['old', old, current],
    ['new', current, old],
  ] as const;

export const credentials: readonly UpgradeScenario[] = [
  {
    name: 'a key that one version makes opens the other, until either revokes it',
    async run(servers) {
      for (const [, making, other] of both(servers)) {
        const { body: made } = await making.call('POST', '/key', { body: { kind: 'secret' } });
        expect((await other.call('GET', '/chat', { key: made.key })).status).toBe(200);
        const listed = (await other.call('GET', '/key')).body.keys;
        expect(listed.map(({ id }: { id: string }) => id)).toContain(made.id);
        expect((await other.call('DELETE', `/key/${made.id}`)).status).toBeLessThan(300);
        const status = async () => (await making.call('GET', '/chat', { key: made.key })).status;
        await expect.poll(status, SOON).toBe(401);
      }
    },
  },
  {
    name: 'a key that this version issues within limits keeps them at the old one, and ends there with its issuer',
    fields: ['keys.issuedBy', 'keys.issuers', 'keys.issuedRevokedAt'],
    async run({ old, current }) {
      const limits = { expiresAt: new Date(Date.now() + 3_600_000).toISOString(), tokensPerDay: 900_000 };
      const { body: issuer } = await current.call('POST', '/key', { body: { kind: 'secret', ...limits } });
      const { body: issued } = await current.call('POST', '/key', {
        key: issuer.key,
        body: { kind: 'secret' },
      });
      expect((await old.call('GET', `/key/${issued.id}`)).body).toMatchObject(limits);
      const as = { key: issued.key };
      expect((await chatOf(old, 'scenario/of-an-issued-key', {}, as)).reply.status).toBe(200);
      expect((await current.call('DELETE', `/key/${issuer.id}`)).status).toBe(204);
      for (const server of [old, current]) {
        await expect.poll(async () => (await server.call('GET', '/chat', as)).status, SOON).toBe(401);
      }
    },
  },
  {
    name: 'a key of the old version issues keys at this one, and its successor goes on with them',
    async run({ old, current }) {
      const { body: root } = await old.call('POST', '/key', { body: { kind: 'secret' } });
      const { body: issued } = await current.call('POST', '/key', {
        key: root.key,
        body: { kind: 'secret' },
      });
      expect(issued.issuedBy).toBe(root.id);
      const { body: next } = await old.call('POST', `/key/${root.id}/roll`, { body: { overlapSeconds: 0 } });
      const status = async () => (await current.call('GET', '/chat', { key: issued.key })).status;
      expect(await status()).toBe(200);
      const change = { key: next.key, body: { name: 'renamed' } };
      expect((await current.call('PATCH', `/key/${issued.id}`, change)).status).toBe(200);
      expect(await status()).toBe(200);
    },
  },
  {
    name: 'a key that this version rolls works at both until the end of the overlap, and its successor after it',
    fields: ['keys.replacedAt', 'keys.familyExpiresAt'],
    async run({ old, current }) {
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      const { body: root } = await current.call('POST', '/key', { body: { kind: 'secret', expiresAt } });
      const roll = { body: { overlapSeconds: 600 } };
      const { body: next } = await current.call('POST', `/key/${root.id}/roll`, roll);
      for (const server of [old, current]) {
        for (const { key } of [root, next])
          expect((await server.call('GET', '/chat', { key })).status).toBe(200);
        expect((await server.call('GET', `/key/${next.id}`)).body.expiresAt).toBe(expiresAt);
        const overlap = Date.parse((await server.call('GET', `/key/${root.id}`)).body.expiresAt);
        expect(overlap).toBeLessThan(Date.parse(expiresAt));
      }
    },
  },
  {
    name: 'the successor of a limited key that the old version rolls is below its issuer again once migrated, and works at both',
    async run({ newDatabase, start }) {
      const { mongoUri, ...team } = await newDatabase();
      const own = { mongodbUri: mongoUri, ...team };
      const [old, current] = [await start('old', own), await start('current', own)];
      const { body: issuer } = await current.call('POST', '/key', {
        body: { kind: 'secret', tokensPerDay: 900_000 },
      });
      const { body: issued } = await current.call('POST', '/key', {
        key: issuer.key,
        body: { kind: 'secret' },
      });
      const { body: next } = await old.call('POST', `/key/${issued.id}/roll`, { body: {} });
      expect((await current.call('GET', `/key/${next.id}`)).body).not.toHaveProperty('issuedBy');

      const database = await connectDatabase(mongoUri);
      try {
        // Servers do this by themselves after the last one of the old version has ended.
        await database.migrate(() => undefined, { again: true, signal: new AbortController().signal });
      } finally {
        await database.close();
      }
      expect((await current.call('GET', `/key/${next.id}`)).body).toMatchObject({ issuedBy: issuer.id });
      for (const server of [old, current]) {
        for (const { key } of [issued, next]) {
          expect((await server.call('GET', '/chat', { key })).status).toBe(200);
        }
      }
      expect((await current.call('DELETE', `/key/${issuer.id}`)).status).toBe(204);
      for (const server of [old, current]) {
        const status = async () => (await server.call('GET', '/chat', { key: next.key })).status;
        await expect.poll(status, SOON).toBe(401);
      }
    },
  },
  {
    name: 'a user who is blocked at this version is rejected by it, and keeps their chats for both',
    fields: ['userStatuses.blockedAt'],
    async run({ old, current }) {
      const userId = 'blocked_user';
      const access = { kind: 'publishable', access: 'verified' };
      const { key } = (await old.call('POST', '/key', { body: access })).body;
      const secret = (await old.call('POST', '/signing-secret', { body: { overlapSeconds: 3_600 } })).body;
      const token = await tokenOf(secret.secret, await teamOf(old), userId);
      const as = { key, headers: { 'x-user-token': token } };
      await expect.poll(async () => (await current.call('GET', '/chat', as)).status, SOON).toBe(200);
      const { id } = await chatOf(old, 'scenario/of-a-blocked-user', {}, as);
      expect((await current.call('PUT', `/user/${userId}/block`)).status).toBeLessThan(300);
      await expect.poll(async () => (await current.call('GET', '/chat', as)).status, SOON).toBe(403);
      for (const server of [old, current]) expect(await contentsOf(server, id)).toHaveLength(2);
      expect((await current.call('DELETE', `/user/${userId}/block`)).status).toBeLessThan(300);
      await expect.poll(async () => (await current.call('GET', '/chat', as)).status, SOON).toBe(200);
    },
  },
  {
    name: 'a guest of one version goes on with their chat at the other, and keeps the network that created them',
    async run({ raw, ...servers }) {
      for (const [name, making, other] of both(servers)) {
        const access = { kind: 'publishable', access: 'guest' };
        const { key } = (await making.call('POST', '/key', { body: access })).body;
        const { body: guest } = await making.call('POST', '/guest', { key });
        const as = { key, headers: { 'x-user-token': guest.token } };
        const { id, reply } = await chatOf(making, `scenario/guest-of-${name}`, {}, as);
        expect(reply.status).toBe(200);
        const { body } = await other.call('GET', `/chat/${id}/message`, as);
        expect(body.messages).toHaveLength(2);
        expect(await contentsOf(other, id)).toHaveLength(2);
        const stored = await raw.collection('guests').findOne({ _id: guest.userId });
        expect(stored).toMatchObject({ team: await teamOf(making) });
        expect(stored?.['network'] !== undefined).toBe(name === 'new');
      }
    },
  },
  {
    name: 'a user token that is signed with a secret of one version is accepted by the other',
    fields: ['signingSecrets.slot', 'signingSecrets.issuedBy', 'signingSecrets.issuers'],
    async run(servers) {
      const access = { kind: 'publishable', access: 'verified' };
      const { key } = (await servers.old.call('POST', '/key', { body: access })).body;
      const team = await teamOf(servers.old);
      for (const [name, making, other] of both(servers)) {
        const made = await making.call('POST', '/signing-secret', { body: { overlapSeconds: 3_600 } });
        const token = await tokenOf(made.body.secret, team, `verified_${name}`);
        const as = { key, headers: { 'x-user-token': token } };
        // A server that has looked a team's secrets up remembers them for some seconds.
        for (const server of [making, other]) {
          await expect.poll(async () => (await server.call('GET', '/chat', as)).status, SOON).toBe(200);
        }
        const { id } = await chatOf(making, `scenario/verified-at-${name}`, {}, as);
        expect((await other.call('GET', `/chat/${id}`, as)).body.userId).toBe(`verified_${name}`);
      }
    },
  },
];
