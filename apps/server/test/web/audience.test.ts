import { casesOfForm } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { ask, requestSession, startWithPage, webApp } from './support.ts';

describe('WEB_APP=on', () => {
  const publicUrls = ['https://chat.example', 'http://chat.example:8080'];
  const start = async () => (await startWithPage({ audience: 'everyone' }, { publicUrls })).url;

  test('everyone who opens the page at a public address gets a session, also behind a proxy that ends TLS', async () => {
    const url = await start();
    for (const [origin, host] of [
      ['https://chat.example', 'chat.example'],
      ['https://chat.example', 'parley.internal:3000'],
      ['http://chat.example:8080', 'chat.example:8080'],
    ] as const) {
      const answer = await requestSession(url, { host, origin, 'x-forwarded-for': '203.0.113.7' });
      expect(answer.status).toBe(200);
      const [cookie = ''] = answer.headers.getSetCookie();
      // A browser stores a name with this prefix only if it is Secure, for all paths and this host.
      expect({ origin, isHostCookie: cookie.startsWith('__Host-parley_visitor=') }).toEqual({
        origin,
        isHostCookie: origin.startsWith('https:'),
      });
      expect(cookie.split('; ').includes('Secure')).toBe(origin.startsWith('https:'));
      expect(cookie).toContain('Path=/;');
      expect(cookie).not.toContain('Domain');
    }
  });

  test.each(
    casesOfForm(
      [
        ['another site', { host: 'chat.example', origin: 'https://shop.example' }],
        ['a rebound foreign name', { host: 'evil.example', origin: 'http://evil.example' }],
        ['another port', { host: 'chat.example', origin: 'https://chat.example:8443' }],
        ['the other scheme', { host: 'chat.example', origin: 'http://chat.example' }],
        ['another scheme than the two', { host: 'chat.example', origin: 'file://chat.example' }],
        ['the name with a trailing dot', { host: 'chat.example', origin: 'https://chat.example.' }],
        ['no site at all', { host: 'chat.example', origin: 'null' }],
        [
          'a cross-site request',
          { host: 'chat.example', origin: 'https://chat.example', 'sec-fetch-site': 'cross-site' },
        ],
      ],
      4,
    ),
  )('a session request from %s is rejected', async (_, headers) => {
    const { status, body } = await requestSession(await start(), headers);
    expect({ status, code: body?.['code'] }).toEqual({ status: 403, code: 'origin_not_allowed' });
  });
});

test('a secret key in a page of a rebound name is rejected as in any foreign page', async () => {
  const { url, makeTeam } = await startHarness();
  const { secretKey } = await makeTeam();
  const asPage = (name: string) =>
    ask(url, 'GET', '/chat', { host: name, origin: `http://${name}`, 'x-api-key': secretKey });
  expect(await asPage('evil.example')).toMatchObject({
    status: 403,
    body: { code: 'secret_key_in_browser' },
  });
  expect((await asPage(new URL(url).host)).status).toBe(200);
});

test('WEB_APP=off removes the page and its session', async () => {
  const { url } = await startHarness();
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/c/chat_x'],
    ['GET', '/assets/app-1a2b3c.js'],
    ['POST', '/web/session'],
  ] as const) {
    const { status, body } = await ask(url, method, path, { origin: url });
    expect({ path, status, code: body?.['code'] }).toEqual({ path, status: 404, code: 'route_not_found' });
  }
});

test.each([
  ['missing', undefined],
  ['empty', ''],
  ['a secret key', 'sk_live_canary'],
  ['not valid', 'pk_live_canary'],
])('a page whose publishable key is %s says how to set one', async (_, publishableKey) => {
  const { url } = await startHarness({ web: await webApp({ publishableKey }) });
  const { status, headers, body, text } = await requestSession(url);
  expect({ status, code: body?.['code'] }).toEqual({ status: 503, code: 'web_app_not_configured' });
  expect(body?.['message']).toContain('WEB_PUBLISHABLE_KEY');
  expect(headers.getSetCookie()).toEqual([]);
  expect(text).not.toContain('canary');
});
