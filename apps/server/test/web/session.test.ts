import { type Chat, limits } from '@parley/contract';
import { connectDatabase } from '@parley/db';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createVisitors } from '../../src/routes/web-visitor.ts';
import { watchCommands, withMonitoring } from '../support/watched-commands.ts';
import { ask, requestSession, startWithPage } from './support.ts';

const { result: page, during: commandsDuring } = await watchCommands(() =>
  startWithPage({}, { addressOf: withMonitoring }),
);
const { url, composition, team, pageKey, mongo, trpc, makeTeam, startReplica } = page;
const { host, port } = new URL(url);
const { guestNetworks } = composition.services;

/** The cookie that a response sets, without its attributes. */
const cookieOf = (headers: Headers) => headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';

/** The collections that the server reads to recognize the visitor of a cookie. */
const VISITOR_COLLECTIONS = ['visitorExchanges', 'userStatuses', 'chats'];

describe('the page on this machine', () => {
  test('the page gets the publishable key and a token of its own user, in a response without caching', async () => {
    const { status, headers, body } = await requestSession(url);
    expect(status).toBe(200);
    expect(body).toEqual({
      publishableKey: pageKey,
      userToken: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
      userId: expect.stringMatching(/^visitor_[0-9a-f]{40}$/),
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    const { sub, aud, exp = 0, iat = 0, anonymous } = decodeJwt(String(body?.['userToken']));
    expect({ sub, aud, exp: new Date(exp * 1_000).toISOString(), anonymous }).toEqual({
      anonymous: true,
      sub: body?.['userId'],
      aud: team.id,
      exp: body?.['expiresAt'],
    });
    expect(exp - iat).toBe(limits.webUserTokenSeconds);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('the page can be opened by each name of this machine, and over a forwarded port', async () => {
    for (const name of [
      `localhost:${port}`,
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
      'localhost',
      'localhost:8080',
    ]) {
      const { status } = await requestSession(url, { host: name, origin: `http://${name}` });
      expect({ name, status }).toEqual({ name, status: 200 });
    }
  });

  test('a request without Sec-Fetch-Site is accepted, because some browsers do not send it', async () => {
    expect((await ask(url, 'POST', '/web/session', { host, origin: url })).status).toBe(200);
  });

  test('the cookie is a secret for a year, hidden from scripts and other sites, and does not reveal the user id', async () => {
    const { headers, body } = await requestSession(url);
    const [value, ...attributes] = headers.getSetCookie()[0]?.split('; ') ?? [];
    expect(headers.getSetCookie()).toHaveLength(1);
    expect(value).toMatch(/^parley_visitor=v\.\d+\.[\w-]{43}\.[\w.-]+\.[\w-]{43}$/);
    expect(value).not.toContain(String(body?.['userId']).slice('visitor_'.length));
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=31536000', 'Path=/', 'SameSite=Strict']);
  });

  test('a visitor keeps their user as long as the cookie', async () => {
    const first = await requestSession(url);
    const cookie = cookieOf(first.headers);
    for (let visit = 0; visit < 3; visit++) {
      const again = await requestSession(url, { cookie });
      expect(again.body?.['userId']).toBe(first.body?.['userId']);
      expect(cookieOf(again.headers)).toBe(cookie);
    }
    expect((await requestSession(url)).body?.['userId']).not.toBe(first.body?.['userId']);
  });

  test('the user id of a visitor is not accepted as a cookie', async () => {
    const { body } = await requestSession(url);
    const userId = String(body?.['userId']);
    for (const cookie of [
      `parley_visitor=${userId}`,
      `parley_user=${userId}`,
      `__Host-parley_visitor=${userId}`,
    ]) {
      const other = await requestSession(url, { cookie });
      expect(other.status).toBe(200);
      expect(other.body?.['userId']).not.toBe(userId);
    }
  });

  test.each([
    ['empty', () => ''],
    ['much too long', () => `v.${'0'.repeat(8_000)}`],
    ['with a line break', (cookie: string) => `${cookie}%0A`],
    ['an operator', () => '%7B%22%24ne%22%3Anull%7D'],
    ['a broken escape', () => '%zz'],
    ['a chosen secret', (cookie: string) => cookie.replace(/^(v\.\d+)\.[^.]+/, `$1.${'A'.repeat(43)}`)],
    ['a later day', (cookie: string) => cookie.replace(/\d+/, (day) => String(Number(day) + 1))],
    ['a day with a zero before it', (cookie: string) => cookie.replace(/\d+/, (day) => `0${day}`)],
    ['a changed signature', (cookie: string) => cookie.slice(0, -43) + 'A'.repeat(43)],
    ['another kind', (cookie: string) => cookie.replace(/^v/, 'x')],
  ])('a cookie that this server did not issue is ignored without a query: %s', async (_, change) => {
    const first = await requestSession(url);
    const [, value = ''] = cookieOf(first.headers).split('=');
    const visit = (cookie: string) => requestSession(url, { cookie: `parley_visitor=${cookie}` });
    // Background jobs read these collections without naming the team.
    const readsDuring = async (run: () => Promise<unknown>) =>
      (await commandsDuring(run)).filter(
        ({ collection, json }) => VISITOR_COLLECTIONS.includes(collection) && json.includes(team.id),
      );
    // The server looks up the visitor of a cookie that it issued, and has its caches filled then.
    expect(await readsDuring(() => visit(value))).not.toEqual([]);
    let answer = first;
    const reads = await readsDuring(async () => {
      answer = await visit(change(value));
    });
    expect(reads).toEqual([]);
    const { status, headers, body } = answer;
    expect(status).toBe(200);
    expect(body?.['userId']).toMatch(/^visitor_[0-9a-f]{40}$/);
    expect(body?.['userId']).not.toBe(first.body?.['userId']);
    expect(cookieOf(headers)).not.toBe(`parley_visitor=${value}`);
  });
});

test('a visitor who was signed out returns as another user', async () => {
  const { headers, body } = await requestSession(url);
  const cookie = cookieOf(headers);
  const { status } = await team.rest('POST', `/user/${body?.['userId']}/sign-out`);
  expect(status).toBeLessThan(300);
  await expect
    .poll(async () => (await requestSession(url, { cookie })).body?.['userId'])
    .not.toBe(body?.['userId']);
});

test('a visitor who was signed out elsewhere gets no new token from a server that has cached their status', async () => {
  const { headers, body } = await requestSession(url);
  const asUser = { 'x-api-key': pageKey, 'x-user-token': String(body?.['userToken']) };
  expect((await fetch(`${url}/chat`, { headers: asUser })).status).toBe(200);
  // Another connection has its own caches, as another server has.
  const elsewhere = await connectDatabase(mongo.uri);
  onTestFinished(() => elsewhere.close());
  await elsewhere.stores.userStatuses.signOut({ team: team.id }, String(body?.['userId']));
  const again = await requestSession(url, { cookie: cookieOf(headers) });
  expect(again.status).toBe(200);
  expect(again.body?.['userId']).not.toBe(body?.['userId']);
});

test('a cookie ends a year after the last accepted visit, and a rejected one is not renewed', async () => {
  const { stores } = mongo.database;
  const day = 24 * 60 * 60_000;
  let now = Date.now();
  const { identify } = createVisitors({ ...stores, guestNetworks }, () => now);
  const visit = (cookie: string | undefined) => identify(team.id, { cookie, legacyCookie: undefined });
  const first = await visit(undefined);
  now += 364 * day;
  const renewed = await visit(first.cookie);
  expect(renewed.userId).toBe(first.userId);
  now += 2 * day;
  expect((await visit(first.cookie)).userId).not.toBe(first.userId);
  now += 362 * day;
  expect((await visit(renewed.cookie)).userId).toBe(first.userId);
  await stores.userStatuses.signOut({ team: team.id }, first.userId);
  const rejected = await visit(renewed.cookie);
  expect(rejected.userId).not.toBe(first.userId);
  // Once the record of the sign-out is removed, no cookie of the visitor works that could have been stored.
  now += limits.userStatusSeconds * 1_000;
  await mongo.raw.collection('userStatuses').deleteMany({ team: team.id as never });
  const elsewhere = await connectDatabase(mongo.uri);
  onTestFinished(() => elsewhere.close());
  const later = createVisitors({ ...elsewhere.stores, guestNetworks }, () => now);
  const revived = await later.identify(team.id, { cookie: renewed.cookie, legacyCookie: undefined });
  expect(revived.userId).not.toBe(first.userId);
});

describe('a cookie of release 0.1.0 with the user id', () => {
  const legacyUser = (digit: string) => `web_${digit.repeat(40)}`;

  test('an old cookie is exchanged for a secret that keeps its user and their chats', async () => {
    const userId = legacyUser('1');
    const chat = await team.makeChat({ userId });
    const first = await requestSession(url, { cookie: `parley_user=${userId}` });
    expect(first.body?.['userId']).toBe(userId);
    const [cookie = '', ...more] = first.headers.getSetCookie().toReversed();
    expect(cookie).toMatch(/^parley_visitor=x\./);
    expect(more).toEqual([expect.stringMatching(/^parley_user=; .*Path=\/web/)]);
    const again = await requestSession(url, { cookie: cookie.split(';', 1)[0] ?? '' });
    expect(again.body?.['userId']).toBe(userId);
    const list = await fetch(`${url}/chat`, {
      headers: { 'x-api-key': pageKey, 'x-user-token': String(again.body?.['userToken']) },
    });
    expect(((await list.json()) as { chats: Chat[] }).chats.map(({ id }) => id)).toEqual([chat.id]);
  });

  test('two tabs that exchange an old cookie at once on two servers get the same secret', async () => {
    const userId = legacyUser('2');
    await team.makeChat({ userId });
    const replica = await startReplica({ hasOwnDatabase: true });
    const answers = await Promise.all(
      [url, replica.url].map((at) => requestSession(at, { cookie: `parley_user=${userId}` })),
    );
    expect(answers.map(({ body }) => body?.['userId'])).toEqual([userId, userId]);
    expect(new Set(answers.map(({ headers }) => headers.getSetCookie().at(-1))).size).toBe(1);
  });

  test('an old cookie is exchanged once and rejected later', async () => {
    const userId = legacyUser('3');
    await team.makeChat({ userId });
    let now = Date.now();
    const { identify } = createVisitors({ ...mongo.database.stores, guestNetworks }, () => now);
    const sent = { cookie: undefined, legacyCookie: userId };
    expect((await identify(team.id, sent)).userId).toBe(userId);
    now += 61_000;
    expect((await identify(team.id, sent)).userId).not.toBe(userId);
  });

  test('an old cookie is accepted for thirty days after the upgrade', async () => {
    const userId = legacyUser('4');
    await team.makeChat({ userId });
    let now = Date.now() + 31 * 24 * 60 * 60_000;
    const { identify } = createVisitors({ ...mongo.database.stores, guestNetworks }, () => now);
    const sent = { cookie: undefined, legacyCookie: userId };
    expect((await identify(team.id, sent)).userId).not.toBe(userId);
    now = Date.now();
    expect((await identify(team.id, sent)).userId).toBe(userId);
  });

  test.each([
    ['a user who has no chats', legacyUser('5')],
    ['a name somebody chose', 'web_admin'],
    ['a user of the team with another name', 'user_1'],
  ])('an old cookie of %s is not accepted', async (_, userId) => {
    if (userId === 'user_1') await team.makeChat({ userId });
    const { body } = await requestSession(url, { cookie: `parley_user=${userId}` });
    expect(body?.['userId']).not.toBe(userId);
  });

  test('an old cookie of a user who was signed out is not accepted', async () => {
    const userId = legacyUser('7');
    await team.makeChat({ userId });
    expect((await team.rest('POST', `/user/${userId}/sign-out`)).status).toBe(200);
    const { body } = await requestSession(url, { cookie: `parley_user=${userId}` });
    expect(body?.['userId']).not.toBe(userId);
  });

  test('an old cookie is forgotten with the user’s data', async () => {
    const userId = legacyUser('6');
    await team.makeChat({ userId });
    const { headers } = await requestSession(url, { cookie: `parley_user=${userId}` });
    const cookie = headers.getSetCookie().at(-1)?.split(';', 1)[0] ?? '';
    expect((await team.rest('DELETE', `/user/${userId}`)).status).toBeLessThan(300);
    await expect.poll(async () => (await requestSession(url, { cookie })).body?.['userId']).not.toBe(userId);
  });
});

describe('session requests that are rejected', () => {
  const foreign: [string, Record<string, string>][] = [
    ['another site', { origin: 'https://shop.example' }],
    ['a page without an origin of its own', { origin: 'null' }],
    ['an empty origin', { origin: '' }],
    ['another port of this machine', { origin: `http://127.0.0.1:${Number(port) + 1}` }],
    ['this machine without the port', { origin: 'http://127.0.0.1' }],
    ['another name of this machine', { origin: `http://localhost:${port}` }],
    ['another scheme', { origin: `https://${host}` }],
    ['the name with a trailing dot', { origin: `http://127.0.0.1.:${port}` }],
    ['a name that begins with this one', { origin: `${url}.shop.example` }],
    ['a name that ends with this one', { origin: `http://shop.example@${host}` }],
    ['a path behind the origin', { origin: `${url}/` }],
    ['two origins', { origin: `${url}, https://shop.example` }],
    ['what the browser calls cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['what the browser calls same-site', { 'sec-fetch-site': 'same-site' }],
    ['an address that was typed', { 'sec-fetch-site': 'none' }],
  ];

  test.each(foreign)('a request from %s is rejected and gets no session', async (_, headers) =>
    expectRejected('origin_not_allowed', headers),
  );

  test('a client that does not say where it comes from is rejected and gets no session', async () => {
    const { status, headers, body } = await ask(url, 'POST', '/web/session', { host });
    expect({ status, code: body?.['code'] }).toEqual({ status: 403, code: 'origin_not_allowed' });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  const notHere = (name: string) => ({ host: name, origin: `http://${name}` });
  const elsewhere: [string, Record<string, string>][] = [
    ['a rebound foreign name', notHere('shop.example')],
    ['a rebound foreign name with this port', notHere(`shop.example:${port}`)],
    ['a name that begins like this machine', notHere('localhost.shop.example')],
    ['a name with a trailing dot', notHere(`localhost.:${port}`)],
    ['another address of this network', notHere('192.168.1.5:3000')],
    ['the address of all addresses', notHere('0.0.0.0:3000')],
    ['a number that means this machine', notHere('2130706433:3000')],
    ['an invalid port', notHere('localhost:http')],
    ['a proxy that sends X-Forwarded-For', { 'x-forwarded-for': '203.0.113.7' }],
    ['a proxy that sends Forwarded', { forwarded: 'for=203.0.113.7' }],
    ['a proxy that sends Via', { via: '1.1 front' }],
  ];

  test.each(elsewhere)('a request at %s is rejected and gets no session', async (_, headers) =>
    expectRejected('web_app_local_only', headers),
  );

  test.each(['203.0.113.7', '192.168.1.5', '::ffff:192.168.1.5', '2001:db8::7', 'fe80::1'])(
    'another machine at %s that uses the name of this one is rejected',
    async (remoteAddress) => {
      const headers = { host, origin: url };
      const answer = await composition.app.inject({
        method: 'POST',
        url: '/web/session',
        headers,
        remoteAddress,
      });
      expect({ status: answer.statusCode, code: answer.json().code }).toEqual({
        status: 403,
        code: 'web_app_local_only',
      });
    },
  );

  async function expectRejected(code: string, more: Record<string, string>): Promise<void> {
    const { status, headers, body, text } = await requestSession(url, more);
    expect({ status, code: body?.['code'] }).toEqual({ status: 403, code });
    expect(headers.getSetCookie()).toEqual([]);
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(text).not.toMatch(/pk_|eyJ/);
  }

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    '%s of the session returns 405 and names POST',
    async (method) => {
      const { status, headers } = await ask(url, method, '/web/session', {
        origin: 'https://shop.example',
        'access-control-request-method': 'POST',
      });
      expect({ status, allow: headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('access-control-allow-methods')).toBeNull();
    },
  );
});

test('no key and no token is in the log', async () => {
  const harness = await startWithPage();
  await requestSession(harness.url);
  expect(harness.log.text).toContain('/web/session');
  expect(harness.log.text).not.toMatch(/pk_live|eyJ|ss_live/);
});

describe('the token of the page', () => {
  /** Returns the session of a browser with this cookie, and a function that calls the API with it. */
  const openPage = async (at: string, cookie?: string) => {
    const { body, headers } = await requestSession(at, cookie === undefined ? {} : { cookie });
    const session = body as { publishableKey: string; userToken: string; userId: string };
    return {
      ...session,
      cookie: cookieOf(headers),
      call: (method: string, path: string, more: { body?: object; token?: string | null } = {}) => {
        const { token = session.userToken } = more;
        return fetch(at + path, {
          method,
          headers: {
            'x-api-key': session.publishableKey,
            ...(token !== null && { 'x-user-token': token }),
            ...(more.body && { 'content-type': 'application/json' }),
          },
          ...(more.body && { body: JSON.stringify(more.body) }),
        });
      },
    };
  };
  const idsOf = async (answer: Response) =>
    ((await answer.json()) as { chats: Chat[] }).chats.map(({ id }) => id);

  test('the token gives the browser access to its own chats only, with those from before tokens', async () => {
    const page = await openPage(url);
    // A cookie as the page made it when the cookie was the user id itself.
    const old = await trpc(team.publishableKey).chat.create.mutate({
      agentId: team.agent.id,
      userId: page.userId,
    });
    const foreign = await team.makeChat({ userId: 'web_somebody' });
    const made = (await (
      await page.call('POST', '/chat', { body: { agentId: team.agent.id } })
    ).json()) as Chat;
    expect(made.userId).toBe(page.userId);
    expect(await idsOf(await page.call('GET', '/chat'))).toEqual([made.id, old.id]);
    expect((await page.call('GET', `/chat/${foreign.id}`)).status).toBe(404);
    expect((await page.call('GET', '/chat', { token: null })).status).toBe(401);
    expect((await page.call('GET', '/key')).status).toBe(403);
    const again = await openPage(url, page.cookie);
    expect(await idsOf(await again.call('GET', '/chat'))).toEqual([made.id, old.id]);
  });

  test('the token is signed with the newest secret, or with a new one if there is none', async () => {
    const other = await startWithPage();
    const store = other.mongo.database.stores.signingSecrets;
    const scope = { team: other.team.id };
    const kidOf = async (at = other.url) => decodeProtectedHeader((await openPage(at)).userToken).kid;
    const first = await kidOf();
    expect((await store.list(scope)).map(({ id }) => id)).toEqual([first]);
    expect(await kidOf()).toBe(first);
    const rolled = await store.create(scope, new Date(Date.now() + 60_000));
    expect(await kidOf()).toBe(rolled?.info.id);
    // The operator's overlap does not change.
    expect((await store.list(scope)).map(({ id, expiresAt }) => [id, expiresAt !== undefined])).toEqual([
      [rolled?.info.id, false],
      [first, true],
    ]);
  });

  test('the page requests a new token on any server when the operator ends the secret', async () => {
    const store = mongo.database.stores.signingSecrets;
    const scope = { team: team.id };
    const replica = await startReplica({ hasOwnDatabase: true });
    const page = await openPage(url);
    expect((await page.call('GET', '/chat')).status).toBe(200);
    for (const { id } of await store.list(scope)) await store.revoke(scope, id);
    const next = await openPage(replica.url, page.cookie);
    expect(next.userId).toBe(page.userId);
    for (const at of [url, replica.url]) {
      const answer = await fetch(`${at}/chat`, {
        headers: { 'x-api-key': next.publishableKey, 'x-user-token': next.userToken },
      });
      expect(answer.status).toBe(200);
    }
    // Every server rejects the former token within seconds.
    await expect.poll(async () => (await page.call('GET', '/chat')).status, { timeout: 10_000 }).toBe(401);
  });

  test('the token belongs to the key’s team', async () => {
    const other = await makeTeam();
    const page = await openPage(url);
    const answer = await fetch(`${url}/chat`, {
      headers: { 'x-api-key': await other.verifiedKey(), 'x-user-token': page.userToken },
    });
    expect(answer.status).toBe(401);
  });
});
