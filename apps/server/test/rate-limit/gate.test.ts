import { mintId } from '@parley/contract';
import { mintApiKey } from '@parley/db';
import type { FastifyInstance } from 'fastify';
import { fastify } from 'fastify';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { parseTrustProxy } from '../../src/gate/client-address.ts';
import { addGate } from '../../src/gate/gate-hook.ts';
import { UnnamedProxyNotice } from '../../src/gate/unnamed-proxy.ts';
import { createLog } from '../../src/log.ts';
import { startHarness } from '../harness.ts';
import { trpcBatch } from '../support/trpc-batch.ts';
import { watchCommands, withMonitoring } from '../support/watched-commands.ts';

/* Every request passes one gate before its body is read. OWASP API 4, unrestricted resource consumption. */

const LIMITS = { publishable: 0, secret: 0, user: 0, address: 6, unidentified: 3, newVisitors: 4, files: 5 };
const watched = await watchCommands(() =>
  startHarness({
    rateLimits: LIMITS,
    trustProxy: parseTrustProxy('loopback'),
    web: { folder: 'nowhere', audience: 'everyone', publishableKey: undefined },
    addressOf: withMonitoring,
  }),
);
const { url, makeTeam, composition, model } = watched.result;
const commandsDuring = watched.during;
const team = await makeTeam();

// The clock stays in the middle of one minute, so that no test crosses into the next. It is a past one, because all later ids
// of a process follow those of the future.
vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / 60_000) * 60_000 - 570_000 });
afterAll(() => void vi.useRealTimers());

let last = 0;
/** A new address without requests. */
const newAddress = () => `203.0.${Math.floor(++last / 250)}.${(last % 250) + 1}`;

/** All routes as Fastify prints them, each with its methods. */
function routesOf(app: FastifyInstance): { method: string; path: string }[] {
  const lines = app.printRoutes({ commonPrefix: false, includeHooks: false }).split('\n');
  const found: { method: string; path: string }[] = [];
  const parents: string[] = [];
  for (const line of lines) {
    const [, indent = '', text = '', methods = ''] =
      /^([│ ]*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
    if (text === '') continue;
    const depth = indent.length / 4;
    const path = `${depth > 0 ? parents[depth - 1] : ''}${text}`;
    parents[depth] = path;
    for (const method of methods.split(', ').filter(Boolean)) found.push({ method, path });
  }
  return found;
}

const UNLIMITED = ['/healthz', '/readyz', '/openapi.json'];
const TRPC_METHODS = ['GET', 'POST'];

describe('every route of the server', () => {
  const routes = routesOf(composition.app).filter(({ path }) => path !== '*');

  test('the list of routes contains the known ones', () => {
    const found = routes.map(({ method, path }) => `${method} ${path}`);
    for (const known of ['POST /chat', 'GET /chat/:chatId/stream', 'GET /trpc/:path', 'POST /web/session']) {
      expect(found).toContain(known);
    }
    expect(routes.length).toBeGreaterThan(40);
  });

  test.each(routes.map(({ method, path }) => [method, path] as const))(
    '%s %s returns 429 in the end, unless it is health or the OpenAPI document',
    async (method, path) => {
      if (path.startsWith('/trpc') && !TRPC_METHODS.includes(method)) return;
      const address = newAddress();
      const target = path.replaceAll(/:\w+/g, 'x').replaceAll('*', 'x');
      const statuses: number[] = [];
      for (let index = 0; index <= Math.max(...Object.values(LIMITS)); index++) {
        const headers = { 'x-forwarded-for': address };
        const response = await fetch(`${url}${target}`, { method, headers, redirect: 'manual' });
        await response.body?.cancel();
        statuses.push(response.status);
      }
      if (method === 'OPTIONS' && statuses[0] === 204) return;
      expect(statuses.includes(429)).toBe(!UNLIMITED.includes(path));
    },
  );

  test('a route is limited also if it does not say how', async () => {
    const app = fastify();
    const log = createLog('silent');
    addGate(app, {
      services: composition.services,
      trustProxy: false,
      unnamedProxy: new UnnamedProxyNotice(log),
    });
    app.get('/forgotten', async () => 'ok');
    const ask = () => app.inject({ url: '/forgotten', remoteAddress: '198.51.100.77' });
    const statuses = [];
    for (let index = 0; index < 4; index++) statuses.push((await ask()).statusCode);
    expect(statuses).toEqual([200, 200, 200, 429]);
    await app.close();
  });
});

/** The collections with the objects that a request may read: those of its caller, and those it names. */
const READ_COLLECTIONS = [
  'agents',
  'teams',
  'keys',
  'signingSecrets',
  'guests',
  'userStatuses',
  'chats',
  'turns',
];

/** The reads of these collections during a function, with those of background jobs. */
async function readsDuring(run: () => Promise<unknown>) {
  const used = await commandsDuring(run);
  return used.filter(
    ({ collection, json }) =>
      READ_COLLECTIONS.includes(collection) && /^{"(find|aggregate|count)"/.test(json),
  );
}

describe('the cost of rejected requests', () => {
  test('500 invented keys cause no more database reads than the limit of unauthenticated requests', async () => {
    const address = newAddress();
    const ask = () =>
      fetch(`${url}/agent`, { headers: { 'x-api-key': mintApiKey('secret'), 'x-forwarded-for': address } });
    const used = await commandsDuring(async () => {
      const answers = await Promise.all(Array.from({ length: 500 }, ask));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 401)).toHaveLength(LIMITS.unidentified);
      expect(statuses.filter((status) => status === 429)).toHaveLength(500 - LIMITS.unidentified);
    });
    expect(used.filter(({ collection }) => collection === 'keys')).toHaveLength(LIMITS.unidentified);
  });

  test('500 tokens with invented signing secrets cause no more database reads either', async () => {
    const key = await team.guestKey();
    // The server has cached the key before the attack begins.
    await fetch(`${url}/agent`, { headers: { 'x-api-key': key, 'x-forwarded-for': newAddress() } });
    const address = newAddress();
    const ask = () => {
      const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: mintId('secret') })).toString(
        'base64url',
      );
      const headers = { 'x-api-key': key, 'x-user-token': `${header}.e30.e30`, 'x-forwarded-for': address };
      return fetch(`${url}/agent`, { headers });
    };
    const used = await commandsDuring(() => Promise.all(Array.from({ length: 500 }, ask)));
    const reads = used.filter(({ json }) => json.startsWith('{"find":"signingSecrets"'));
    expect(reads.length).toBeGreaterThan(0);
    // Each request reads the team's secrets, and the one it names.
    expect(reads.length).toBeLessThanOrEqual(2 * LIMITS.unidentified);
  });

  test.each([
    ['REST', 'POST', (chat: string) => `/chat/${chat}/message`],
    ['REST, as a stream', 'GET', (chat: string) => `/chat/${chat}/stream`],
    ['tRPC', 'POST', () => '/trpc/message.create'],
    ['a tRPC batch', 'POST', () => '/trpc/message.create,message.create?batch=1'],
  ])(
    'a rejected request over %s makes no database read once its caller is cached, and its body is not parsed',
    async (_, method, pathOf) => {
      const guest = await team.makeGuest(newAddress());
      const { id: chat } = await team.withChatsOf(guest.userId).makeChat();
      const headers = {
        'x-api-key': await team.guestKey(),
        'x-user-token': guest.token,
        'x-forwarded-for': newAddress(),
        'content-type': 'application/json',
      };
      const accepted = await readsDuring(() => fetch(`${url}/chat/${chat}`, { headers }));
      expect(accepted.filter(({ json }) => json.includes(chat))).not.toEqual([]);
      for (let index = 1; index < LIMITS.address; index++) await fetch(`${url}/agent`, { headers });
      const reject = async () => {
        // The body is invalid JSON, which shows that it is not parsed.
        const body = method === 'POST' ? { body: `{"chatId":"${chat}"` } : {};
        const response = await fetch(`${url}${pathOf(chat)}`, { method, headers, ...body });
        expect(response.status).toBe(429);
      };
      // A background job may read at the same time, and a cached caller may expire. A read of the request itself comes
      // every time.
      await expect.poll(() => readsDuring(reject), { timeout: 5_000 }).toEqual([]);
    },
  );

  test('a message beyond the limit of unfinished answers reads no chat and does not reveal whether it exists', async () => {
    const bounded = await makeTeam();
    await bounded.rest('PATCH', '/team', { body: { concurrentTurns: 1 } });
    const { id: own } = await bounded.makeChat();
    const { id: foreign } = await team.makeChat();
    const chats = [own, foreign, mintId('chat')];
    const held = model.hold();
    const body = { content: 'held', role: 'user', wait: false };
    const send = (chat: string) => bounded.rest('POST', `/chat/${chat}/message`, { body });
    expect((await send(own)).status).toBe(200);
    // The server counts a team's answers again after a second: then one of these requests reads its chat.
    await expect
      .poll(async () => {
        expect((await send(own)).apiError.code).toBe('too_many_turns');
        const codes: unknown[] = [];
        const used = await commandsDuring(async () => {
          for (const chat of chats) codes.push((await send(chat)).apiError.code);
        });
        return {
          codes: new Set(codes),
          reads: used.filter(({ json }) => chats.some((id) => json.includes(id))),
        };
      })
      .toEqual({ codes: new Set(['too_many_turns']), reads: [] });
    held.release();
  });

  test('a key without its required user is rejected before the body is read', async () => {
    const headers = {
      'x-api-key': await team.guestKey(),
      'x-forwarded-for': newAddress(),
      'content-type': 'application/json',
    };
    for (const path of ['/chat', '/trpc/chat.create']) {
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: '{"' });
      expect(response.status).toBe(401);
      expect(await response.text()).toContain('user_token_needed');
    }
  });
});

test('each call of a batch counts, and guest creation counts apart', async () => {
  const headers = { 'x-api-key': await team.guestKey(), 'x-forwarded-for': newAddress() };
  const guests = (count: number) =>
    trpcBatch(url, Array(count).fill('guest.create'), Array(count).fill({}), headers);
  expect((await guests(4)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect((await guests(1)).map(({ status }) => status)).toEqual([429]);
  const others = await trpcBatch(url, Array(3).fill('chat.list'), Array(3).fill({}), headers);
  expect(others.map(({ status }) => status)).toEqual([401, 401, 401]);
  const more = await trpcBatch(url, ['chat.list'], [{}], headers);
  expect(more.map(({ status }) => status)).toEqual([429]);
});

test('a batch with too many calls counts once, for its address only', async () => {
  const harness = await startHarness({ rateLimits: { publishable: 40, user: 30, unidentified: 3 } });
  const one = await harness.makeTeam();
  const key = await one.guestKey();
  const [hostile, other] = [await one.makeGuest(), await one.makeGuest()];
  const ask = (path: string, token: string) =>
    fetch(`${harness.url}/trpc/${path}`, { headers: { 'x-api-key': key, 'x-user-token': token } });
  // The server knows both before the attack begins.
  for (const { token } of [hostile, other]) await ask('agent.list?input={}', token);
  for (const names of [',', 'chat.list,']) {
    const rejected = await ask(`${names.repeat(39)}?batch=1`, hostile.token);
    expect(rejected.status).toBe(400);
    expect(await rejected.text()).toContain('at most 20 calls');
  }
  expect((await ask(`${','.repeat(20)}?batch=1`, hostile.token)).status).toBe(400);
  expect((await ask(`${','.repeat(20)}?batch=1`, hostile.token)).status).toBe(429);
  const answer = await ask('agent.list?input={}', other.token);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('ratelimit')).toContain('"user";r=28;');
});

test('a batch that exceeds a limit is rejected with advice and does not use up the key', async () => {
  const harness = await startHarness({ rateLimits: { publishable: 20, user: 5 } });
  const one = await harness.makeTeam();
  const key = await one.guestKey();
  const [hostile, other] = [await one.makeGuest(), await one.makeGuest()];
  const batch = (size: number, token: string) =>
    trpcBatch(harness.url, Array(size).fill('agent.list'), Array(size).fill({}), {
      'x-api-key': key,
      'x-user-token': token,
    });
  const [rejected] = await batch(20, hostile.token);
  expect(rejected).toMatchObject({ status: 429 });
  expect(JSON.stringify(rejected)).toContain('This batch has 20 calls; the limit is 5 per minute.');
  expect((await batch(5, other.token)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect((await batch(1, hostile.token)).map(({ status }) => status)).toEqual([200]);
});

test('every subject of a batch needs room, not only the one with the least left', async () => {
  const harness = await startHarness({ rateLimits: { publishable: 40, user: 30 } });
  const one = await harness.makeTeam();
  const key = await one.guestKey();
  const guests = await Promise.all(Array.from({ length: 3 }, () => one.makeGuest()));
  const batch = async (token: string | undefined, size: number) => {
    const headers = { 'x-api-key': key, 'x-user-token': token ?? '' };
    const [first] = await trpcBatch(
      harness.url,
      Array(size).fill('agent.list'),
      Array(size).fill({}),
      headers,
    );
    return first?.status;
  };
  expect(await batch(guests[0]?.token, 20)).toBe(200);
  expect(await batch(guests[1]?.token, 10)).toBe(200);
  // The key has 10 left, the new user 30.
  expect(await batch(guests[2]?.token, 11)).toBe(429);
  // A rejected batch counts for no subject.
  expect(await batch(guests[2]?.token, 10)).toBe(200);
});
