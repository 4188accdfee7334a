import { randomBytes } from 'node:crypto';
import { ApiError, type Id, mintId } from '@parley/contract';
import { longTest } from '@parley/embedded/testing/form';
import { mongo } from 'mongoose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EncryptionKey } from '../src/encryption/encryption-key.ts';
import type { Database, EncryptionKeys, UnreadableSecret } from '../src/index.ts';
import { openEmptyDatabase } from '../src/testing/test-database.ts';
import { mongoUri } from './mongo-uri.ts';

/* The secrets of the database, as they look without the key. */

type EmptyDatabase = ReturnType<typeof openEmptyDatabase>;

let home: EmptyDatabase;
beforeEach(() => {
  home = openEmptyDatabase(mongoUri(), 'encryption');
});
afterEach(() => home.drop());

const newKey = () => new EncryptionKey(randomBytes(32));
const CANARY = 'Bearer canary-header';
const toolsWith = (url = 'https://tools.example/a') => [
  { name: 't', description: 'd', parameters: {}, url, headers: { authorization: CANARY } },
];

/** A live server in the database's records. */
function serve(keys?: EncryptionKeys, unreadable: UnreadableSecret[] = []): Promise<Database> {
  const onUnreadable = (secret: UnreadableSecret) => void unreadable.push(secret);
  return home.connect({ encryption: { ...(keys && { keys }), onUnreadable, settleMs: 50 } });
}

async function newTeam({ stores }: Database): Promise<{ team: Id<'team'> }> {
  const team = mintId('team');
  await stores.teams.create({ id: team, name: 'T' });
  return { team };
}

async function allText(): Promise<string> {
  const collections = await Promise.all(
    ['signingSecrets', 'agents', 'serverKeys', 'encryption'].map((name) =>
      home.raw.collection(name).find().toArray(),
    ),
  );
  return JSON.stringify(collections);
}

const secretsOf = async ({ stores }: Database, scope: { team: Id<'team'> }) =>
  (await stores.signingSecrets.findWorking(scope)).map(({ secret }) => secret).sort();
const headerOf = async ({ stores }: Database, scope: { team: Id<'team'> }, agent: Id<'agent'>) =>
  (await stores.agents.get(scope, agent))?.tools?.[0]?.headers?.['authorization'];
const cookieKeyOf = async ({ stores }: Database) => (await stores.visitors.cookieKey()).key;
const later = () => new Date(Date.now() + 60_000);
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
  );

/** A database without encryption, as an upgraded one of release 0.1.0: a team, with all secrets in clear text. */
async function makeOldDatabase() {
  const old = await serve();
  const scope = await newTeam(old);
  const made = await old.stores.signingSecrets.create(scope, later());
  const agent = await old.stores.agents.create(scope, { name: 'A', type: 't', tools: toolsWith() });
  await old.stores.agents.update(scope, agent.id, (now) => ({ ...now, systemPrompt: 'new' }));
  const cookieKey = await cookieKeyOf(old);
  await old.close();
  return { scope, secret: String(made?.secret), agent: agent.id, cookieKey };
}

describe('in a new database', () => {
  test('secrets in a new database are stored sealed, and every server with the key reads them', async () => {
    const keys = { current: newKey() };
    const [first, second] = [await serve(keys), await serve(keys)];
    const scope = await newTeam(first);
    const made = await first.stores.signingSecrets.create(scope, later());
    const agent = await first.stores.agents.create(scope, { name: 'A', type: 't', tools: toolsWith() });
    const cookieKey = await cookieKeyOf(first);
    const text = await allText();
    for (const plain of [String(made?.secret), 'canary', cookieKey]) expect(text).not.toContain(plain);
    expect(text.match(/aes256gcm:/g)).toHaveLength(4);
    expect(await cookieKeyOf(second)).toBe(cookieKey);
    expect(await secretsOf(second, scope)).toEqual([made?.secret]);
    expect((await second.stores.signingSecrets.list(scope))[0]?.visibleStart).toBe(made?.info.visibleStart);
    expect(await headerOf(second, scope, agent.id)).toBe(CANARY);
    const { encryption } = second;
    expect(await encryption.status()).toEqual({
      isOn: true,
      keyId: keys.current.id,
      secrets: { underCurrentKey: 3, underPreviousKey: 0, plain: 0, unreadable: 0 },
    });
  });

  test('an unchanged header makes no new version, and is sealed again when the agent changes', async () => {
    const keys = { current: newKey() };
    const server = await serve(keys);
    const scope = await newTeam(server);
    const made = await server.stores.agents.create(scope, { name: 'A', type: 't', tools: toolsWith() });
    const same = await server.stores.agents.update(scope, made.id, (now) => ({ ...now }));
    expect(same).toMatchObject({ version: 1 });
    const next = await server.stores.agents.update(scope, made.id, (now) => ({ ...now, systemPrompt: 'p' }));
    expect(next).toMatchObject({ version: 2 });
    expect(await server.stores.agents.rollBack(scope, made.id, 1)).toMatchObject({ version: 3 });
    expect(await headerOf(server, scope, made.id)).toBe(CANARY);
    expect(await allText()).not.toContain('canary');
  });

  test('a server with another key, or none, is rejected with a sentence', async () => {
    const keys = { current: newKey() };
    await serve(keys);
    expect(await failureOf(serve())).toMatch(/this server has no key\. Set ENCRYPTION_KEY/);
    expect(await failureOf(serve({ current: newKey() }))).toMatch(/encrypted with another key/);
    expect(await failureOf(serve({ current: newKey(), previous: newKey() }))).toMatch(/another key/);
    expect(await failureOf(serve(keys))).toBe('done');
  });

  test('one of two servers that start at the same time with different keys is rejected', async () => {
    const outcomes = await Promise.all([1, 2].map(() => failureOf(serve({ current: newKey() }))));
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    expect(outcomes.find((outcome) => outcome !== 'done')).toMatch(/another key/);
  });

  longTest('a server discards its new key if another server stored one first', async () => {
    const events: string[] = [];
    const keyOf = (name: string) => ({
      makeKey: async () => {
        events.push(`${name} made`);
        // Both have read the state and found no key.
        await expect.poll(() => events.filter((event) => event.endsWith('made')).length).toBe(2);
        return { key: newKey(), discard: async () => void events.push(`${name} discarded`) };
      },
    });
    const outcomes = await Promise.all(
      ['a', 'b'].map((name) => failureOf(home.connect({ encryption: keyOf(name) }))),
    );
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    const loser = outcomes[0] === 'done' ? 'b' : 'a';
    expect(events.filter((event) => event.endsWith('discarded'))).toEqual([`${loser} discarded`]);
  });

  longTest('servers that need the key of visitors’ cookies at the same time agree on one', async () => {
    const keys = { current: newKey() };
    const servers = [await serve(keys), await serve(keys), await serve(keys)];
    await newTeam(await serve(keys));
    const made = await Promise.all(servers.map(cookieKeyOf));
    expect(new Set(made).size).toBe(1);
    expect(await allText()).not.toContain(made[0]);
  });

  test('a command that needs no secret works without the key, and cannot store one', async () => {
    const scope = await newTeam(await serve({ current: newKey() }));
    const command = await home.connect({ encryption: { isKeyOptional: true } });
    expect(await command.stores.teams.exists(scope.team)).toBe(true);
    expect(await failureOf(command.stores.signingSecrets.create(scope, later()))).toBe(
      'encryption_key_outdated',
    );
    const agent = { name: 'A', type: 't', tools: toolsWith() };
    expect(await failureOf(command.stores.agents.create(scope, agent))).toBe('encryption_key_outdated');
    expect(await failureOf(command.stores.visitors.cookieKey())).toBe('encryption_key_outdated');
    expect(await home.raw.collection('serverKeys').countDocuments()).toBe(0);
    expect(await allText()).not.toContain('canary');
  });
});

describe('a sealed text that was moved in the database does not open and is logged:', () => {
  test('the sealed text of another team’s signing secret does not open', async () => {
    const unreadable: UnreadableSecret[] = [];
    const server = await serve({ current: newKey() }, unreadable);
    const [one, other] = [await newTeam(server), await newTeam(server)];
    await server.stores.signingSecrets.create(one, later());
    await server.stores.signingSecrets.create(other, later());
    const secrets = home.raw.collection('signingSecrets');
    const secret = (await secrets.findOne({ team: one.team }))?.['secret'];
    await secrets.updateOne({ team: other.team }, { $set: { secret } });
    expect(await secretsOf(server, other)).toEqual([]);
    expect(unreadable).toContainEqual(expect.objectContaining({ team: other.team, field: 'secret' }));
    // It can still be listed, and so revoked.
    const [listed] = await server.stores.signingSecrets.list(other);
    expect(await server.stores.signingSecrets.revoke(other, listed?.id ?? mintId('secret'))).toBe(true);
  });

  test('a signing secret that was moved to the key of visitors’ cookies does not open', async () => {
    const unreadable: UnreadableSecret[] = [];
    const server = await serve({ current: newKey() }, unreadable);
    await cookieKeyOf(server);
    await server.stores.signingSecrets.create(await newTeam(server), later());
    const moved = (await home.raw.collection('signingSecrets').findOne())?.['secret'];
    await home.raw.collection('serverKeys').updateOne({}, { $set: { key: moved } });
    expect(await failureOf(server.stores.visitors.cookieKey())).toBe('encryption_key_outdated');
    expect(unreadable).toEqual([expect.objectContaining({ team: '', field: 'key' })]);
  });

  test('a signing secret that was moved to another team does not open', async () => {
    const server = await serve({ current: newKey() });
    const [one, other] = [await newTeam(server), await newTeam(server)];
    await server.stores.signingSecrets.create(one, later());
    const secrets = home.raw.collection('signingSecrets');
    await secrets.updateOne({ team: one.team }, { $set: { team: other.team } });
    expect(await secretsOf(server, other)).toEqual([]);
  });

  test.each([
    ['another agent', (text: string) => text],
    ['another URL of the tool', (text: string) => text.replaceAll('tools.example', 'evil.example')],
    ['another tool', (text: string) => text.replace('"name":"t"', '"name":"u"')],
    ['another header', (text: string) => text.replace('"authorization"', '"x-other"')],
  ])('a header of %s', async (where, change) => {
    const unreadable: UnreadableSecret[] = [];
    const server = await serve({ current: newKey() }, unreadable);
    const scope = await newTeam(server);
    const made = await server.stores.agents.create(scope, { name: 'A', type: 't', tools: toolsWith() });
    const plain = await server.stores.agents.create(scope, { name: 'B', type: 't' });
    const agents = home.raw.collection<{ _id: string; versions: { tools: string }[] }>('agents');
    const tools = change((await agents.findOne({ _id: made.id }))?.versions[0]?.tools ?? '');
    const target = where === 'another agent' ? plain.id : made.id;
    await agents.updateOne({ _id: target }, { $set: { 'versions.0.tools': tools } });
    const [tool] = (await server.stores.agents.get(scope, target))?.tools ?? [];
    expect(tool?.url).toMatch(/example\/a$/);
    expect(tool?.headers).toBeUndefined();
    expect(unreadable).toContainEqual(expect.objectContaining({ team: scope.team, document: target }));
    expect(JSON.stringify(unreadable)).not.toContain('canary');
  });
});

describe('a database of an earlier version', () => {
  test('a database of an earlier release stays readable for it until its operator turns encryption on', async () => {
    const { scope, secret, agent, cookieKey } = await makeOldDatabase();
    const server = await serve({ current: newKey() });
    expect((await server.encryption.status()).isOn).toBe(false);
    expect(await secretsOf(server, scope)).toEqual([secret]);
    expect(await cookieKeyOf(server)).toBe(cookieKey);
    expect(await headerOf(server, scope, agent)).toBe(CANARY);
    const second = await server.stores.signingSecrets.create(scope, later());
    expect(await allText()).toContain(String(second?.secret));

    expect(await server.encryption.turnOn()).toMatchObject({
      isOn: true,
      secrets: { underCurrentKey: 5, underPreviousKey: 0, plain: 0, unreadable: 0 },
    });
    const text = await allText();
    for (const plain of [secret, String(second?.secret), 'canary', cookieKey])
      expect(text).not.toContain(plain);
    const other = await serve({ current: newKey() }).catch((error: Error) => error.message);
    expect(other).toMatch(/another key/);
    expect(await secretsOf(server, scope)).toEqual([secret, String(second?.secret)].sort());
    expect(await cookieKeyOf(server)).toBe(cookieKey);
    expect(await headerOf(server, scope, agent)).toBe(CANARY);
    expect(await server.stores.agents.listVersions(scope, agent)).toHaveLength(2);
  });

  longTest(
    'a database of an earlier release needs no key, and encryption cannot be turned on without one',
    async () => {
      await makeOldDatabase();
      const server = await serve();
      expect(await failureOf(server.encryption.turnOn())).toMatch(/has no encryption key yet\. Make one/);
      const makeKey = async ({ isNew }: { isNew: boolean }) => (isNew ? expect.unreachable() : undefined);
      await home.connect({ encryption: { makeKey } });
      expect(await home.raw.collection('encryption').countDocuments()).toBe(0);
    },
  );

  longTest(
    'turning encryption on seals every secret, also after the command was killed and run again',
    async () => {
      const { scope, agent } = await makeOldDatabase();
      const server = await serve({ current: newKey() });
      await home.raw
        .collection<{ _id: string }>('encryption')
        .updateOne({ _id: 'encryption' }, { $set: { isOn: true } });
      expect((await server.encryption.status()).secrets.plain).toBe(4);
      expect(await headerOf(server, scope, agent)).toBe(CANARY);
      expect((await server.encryption.turnOn()).secrets.plain).toBe(0);
    },
  );
});

longTest(
  'servers encrypt what an earlier version stored once none of that version is connected',
  async () => {
    const { scope, secret, agent, cookieKey } = await makeOldDatabase();
    // Release 0.1.0 in the database's records.
    const old = await new mongo.MongoClient(home.uri, { appName: 'parley' }).connect();
    await old.db().command({ ping: 1 });
    const events: string[] = [];
    const server = await home.connect({
      encryption: { keys: { current: newKey() }, settleMs: 50, pollMs: 20 },
    });
    const maintenance = server.maintain((_level, event) => void events.push(event));
    try {
      await expect.poll(() => events.join(), { timeout: 20_000 }).toContain('a migration step');
      expect(await server.encryption.isOn()).toBe(false);
      expect(await allText()).toContain(secret);
      await old.close();
      await expect.poll(() => events.join(), { timeout: 30_000 }).toContain('stored secrets are encrypted');
      expect(await allText()).not.toContain(secret);
      expect(await allText()).not.toContain(cookieKey);
      expect(await secretsOf(server, scope)).toEqual([secret]);
      expect(await cookieKeyOf(server)).toBe(cookieKey);
      expect(await headerOf(server, scope, agent)).toBe(CANARY);
    } finally {
      await old.close();
      await maintenance.close();
    }
  },
  90_000,
);

describe('a rotation', () => {
  longTest(
    'a rotation under load loses nothing, and every server reads and writes secrets meanwhile',
    async () => {
      const [old, next] = [newKey(), newKey()];
      // As documented: every server first gets the next key as the previous one, then as its own.
      const before = await serve({ current: old, previous: next });
      const scope = await newTeam(before);
      const agent = await before.stores.agents.create(scope, { name: 'A', type: 't', tools: toolsWith() });
      const first = await before.stores.signingSecrets.create(scope, later());
      const cookieKey = await cookieKeyOf(before);
      const after = await serve({ current: next, previous: old });
      const teams: { team: Id<'team'>; secret: string }[] = [{ ...scope, secret: String(first?.secret) }];
      let isDone = false;
      const problems: unknown[] = [];
      const load = async (writer: Database) => {
        for (let round = 0; !isDone; round++) {
          const own = await newTeam(writer);
          const made = await writer.stores.signingSecrets.create(own, later());
          teams.push({ ...own, secret: String(made?.secret) });
          const prompt = { systemPrompt: `${round}` };
          await writer.stores.agents.update(scope, agent.id, (now) => ({ ...now, ...prompt }));
          for (const reader of [after, writer]) {
            const secrets = await secretsOf(reader, own);
            if (secrets[0] !== made?.secret) problems.push([round, 'secret']);
            if ((await headerOf(reader, scope, agent.id)) !== CANARY) problems.push([round, 'header']);
            if ((await cookieKeyOf(reader)) !== cookieKey) problems.push([round, 'cookie key']);
          }
        }
      };
      // Both write at first; then the server with the old key is replaced, and the rotation runs.
      const firstLoad = [load(before), load(after)];
      await expect.poll(() => teams.length, { timeout: 20_000 }).toBeGreaterThan(8);
      isDone = true;
      await Promise.all(firstLoad);
      isDone = false;
      const secondLoad = [load(after), load(await serve({ current: next, previous: old }))];
      const rotated = await after.encryption.rotate();
      isDone = true;
      await Promise.all(secondLoad);
      expect(problems).toEqual([]);
      expect(rotated).toMatchObject({
        keyId: next.id,
        secrets: { underPreviousKey: 0, plain: 0, unreadable: 0 },
      });
      expect(rotated.rotatingFrom).toBeUndefined();
      // The old key is no longer needed: a server without it reads everything.
      const alone = await serve({ current: next });
      for (const { secret, ...own } of teams) expect(await secretsOf(alone, own)).toContain(secret);
      expect(await headerOf(alone, scope, agent.id)).toBe(CANARY);
      expect(await cookieKeyOf(alone)).toBe(cookieKey);
      expect(await allText()).not.toContain(`aes256gcm:${old.id}`);
    },
    120_000,
  );

  test('a server with the old key does not start once a rotation begins, and one that runs stores no secret', async () => {
    const [old, next] = [newKey(), newKey()];
    const leftBehind = await serve({ current: old, previous: next });
    const scope = await newTeam(leftBehind);
    const made = await leftBehind.stores.signingSecrets.create(scope, later());
    await (await serve({ current: next, previous: old })).encryption.rotate();
    expect(await secretsOf(leftBehind, scope)).toEqual([made?.secret]);
    expect(await failureOf(leftBehind.stores.signingSecrets.create(scope, later()))).toBe(
      'encryption_key_outdated',
    );
    expect(await failureOf(serve({ current: old }))).toMatch(/which a rotation has replaced/);
    expect(await failureOf(serve({ current: old, previous: next }))).toMatch(/which a rotation has replaced/);
    expect(await failureOf(serve({ current: next }))).toBe('done');
  });

  longTest(
    'a rotation that was killed asks for the old key, and is finished when it is run again',
    async () => {
      const [old, next] = [newKey(), newKey()];
      const before = await serve({ current: old });
      const scope = await newTeam(before);
      const made = await before.stores.signingSecrets.create(scope, later());
      const cookieKey = await cookieKeyOf(before);
      const keys = { current: next, previous: old };
      const server = await home.connect({ encryption: { keys, settleMs: 20_000 } });
      // It would continue long after this test, whose end takes its connection away.
      void failureOf(server.encryption.rotate());
      const state = () => home.raw.collection<{ _id: string; rotatingFrom?: string }>('encryption').findOne();
      await expect.poll(async () => (await state())?.rotatingFrom, { interval: 1 }).toBe(old.id);
      expect(await failureOf(serve({ current: next }))).toMatch(/rotation .* has not finished/);
      const again = await (await serve({ current: next, previous: old })).encryption.rotate();
      expect(again.rotatingFrom).toBeUndefined();
      const alone = await serve({ current: next });
      expect(await secretsOf(alone, scope)).toEqual([made?.secret]);
      expect(await cookieKeyOf(alone)).toBe(cookieKey);
    },
  );

  longTest('a rotation without a new key says what is missing', async () => {
    const [old, next] = [newKey(), newKey()];
    const server = await serve({ current: old });
    expect(await failureOf(server.encryption.rotate())).toMatch(/no new key to rotate to/);
    const rotating = await serve({ current: next, previous: old });
    await rotating.encryption.rotate();
    expect(await failureOf(rotating.encryption.rotate())).toMatch(/Remove ENCRYPTION_KEY_PREVIOUS/);
  });
});

longTest(
  'a reset, for a lost key, revokes all signing secrets and clears all headers, and takes the new key',
  async () => {
    const lost = await serve({ current: newKey() });
    const scope = await newTeam(lost);
    await lost.stores.signingSecrets.create(scope, later());
    const agent = await lost.stores.agents.create(scope, { name: 'A', type: 't', tools: toolsWith() });
    await lost.stores.agents.update(scope, agent.id, (now) => ({ ...now, systemPrompt: 'p' }));
    const before = await lost.stores.visitors.cookieKey();
    const key = newKey();
    const command = await home.connect({ encryption: { isKeyOptional: true, settleMs: 50 } });
    expect(await command.encryption.reset(key)).toEqual({ signingSecrets: 1, toolHeaders: 2, cookieKeys: 1 });
    expect(await failureOf(lost.stores.signingSecrets.create(scope, later()))).toBe(
      'encryption_key_outdated',
    );
    const server = await serve({ current: key });
    expect(await secretsOf(server, scope)).toEqual([]);
    expect(await server.stores.agents.get(scope, agent.id)).toMatchObject({
      systemPrompt: 'p',
      tools: [{ name: 't', url: 'https://tools.example/a' }],
    });
    expect(await headerOf(server, scope, agent.id)).toBeUndefined();
    const made = await server.stores.signingSecrets.create(scope, later());
    expect(await secretsOf(server, scope)).toEqual([made?.secret]);
    // Cookies of release 0.1.0 are exchanged for 30 days from this time. A reset does not start these days again.
    const { key: cookieKey, createdAt } = await server.stores.visitors.cookieKey();
    expect(cookieKey).toMatch(/^[\w-]{43}$/);
    expect(cookieKey).not.toBe(before.key);
    expect(createdAt).toEqual(before.createdAt);
    expect(await allText()).not.toContain(cookieKey);
    expect(await failureOf(lost.stores.visitors.cookieKey())).toBe('encryption_key_outdated');
  },
);

longTest('a reset that was killed after it took the new key is finished when it is run again', async () => {
  const lost = await serve({ current: newKey() });
  const before = await cookieKeyOf(lost);
  const key = newKey();
  const command = await home.connect({ encryption: { isKeyOptional: true, settleMs: 50 } });
  const keys = home.raw.collection<{ _id: string; key: string }>('serverKeys');
  const sealed = await keys.findOne();
  await command.encryption.reset(key);
  // The contents of the database when the command ends between its two writes.
  await keys.updateOne({}, { $set: { key: sealed?.key ?? '' } });
  const unreadable: UnreadableSecret[] = [];
  const server = await serve({ current: key }, unreadable);
  expect(await failureOf(server.stores.visitors.cookieKey())).toBe('encryption_key_outdated');
  expect(unreadable).toEqual([expect.objectContaining({ team: '', document: sealed?._id, field: 'key' })]);
  expect(await command.encryption.reset(key)).toMatchObject({ cookieKeys: 1 });
  expect(await cookieKeyOf(server)).not.toBe(before);
});

describe('a backup that was restored elsewhere', () => {
  async function restore(collections: readonly string[]): Promise<EmptyDatabase> {
    const other = openEmptyDatabase(mongoUri(), 'restored');
    for (const name of collections) {
      const documents = await home.raw.collection(name).find().toArray();
      if (documents.length > 0) await other.raw.collection(name).insertMany(documents);
    }
    return other;
  }

  test('a restored backup opens only with its key', async () => {
    const keys = { current: newKey() };
    const server = await serve(keys);
    const scope = await newTeam(server);
    const made = await server.stores.signingSecrets.create(scope, later());
    const cookieKey = await cookieKeyOf(server);
    const other = await restore(['teams', 'signingSecrets', 'agents', 'serverKeys', 'encryption']);
    try {
      expect(await failureOf(other.connect())).toMatch(/this server has no key/);
      expect(await failureOf(other.connect({ encryption: { keys: { current: newKey() } } }))).toMatch(
        /another key/,
      );
      const restored = await other.connect({ encryption: { keys } });
      expect(await secretsOf(restored, scope)).toEqual([made?.secret]);
      expect(await cookieKeyOf(restored)).toBe(cookieKey);
    } finally {
      await other.drop();
    }
  });

  longTest('a backup without the collection that names the key opens with the key alone', async () => {
    const keys = { current: newKey() };
    const server = await serve(keys);
    const scope = await newTeam(server);
    const made = await server.stores.signingSecrets.create(scope, later());
    const cookieKey = await cookieKeyOf(server);
    const other = await restore(['teams', 'signingSecrets', 'agents', 'serverKeys']);
    try {
      const without = await other.connect();
      expect(await secretsOf(without, scope)).toEqual([]);
      expect(await failureOf(without.stores.visitors.cookieKey())).toBe('encryption_key_outdated');
      expect((await without.encryption.status()).secrets.unreadable).toBe(2);
      const restored = await other.connect({ encryption: { keys } });
      expect(await secretsOf(restored, scope)).toEqual([made?.secret]);
      expect(await cookieKeyOf(restored)).toBe(cookieKey);
    } finally {
      await other.drop();
    }
  });
});
