import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { ask, askForSession, startWithPage, webApp } from './support.ts';

describe('WEB_APP=on: everyone who reaches the server', () => {
  const start = async () => (await startWithPage({ audience: 'everyone' })).url;

  test('opens the page under any name, also behind a proxy that ends TLS', async () => {
    const url = await start();
    for (const origin of ['http://chat.example', 'http://chat.example:8080', 'https://chat.example']) {
      const { host, protocol } = new URL(origin);
      const answer = await askForSession(url, { host, origin, 'x-forwarded-for': '203.0.113.7' });
      expect(answer.status).toBe(200);
      const isSecure = answer.headers.getSetCookie()[0]?.split('; ').includes('Secure');
      expect({ origin, isSecure }).toEqual({ origin, isSecure: protocol === 'https:' });
    }
  });

  test.each([
    ['another site', { host: 'chat.example', origin: 'https://shop.example' }],
    ['another port', { host: 'chat.example', origin: 'https://chat.example:8443' }],
    ['another scheme than the two', { host: 'chat.example', origin: 'file://chat.example' }],
    ['the name with a trailing dot', { host: 'chat.example', origin: 'https://chat.example.' }],
    ['no site at all', { host: 'chat.example', origin: 'null' }],
    [
      'a cross-site request',
      { host: 'chat.example', origin: 'https://chat.example', 'sec-fetch-site': 'cross-site' },
    ],
  ])('%s is refused all the same', async (_, headers) => {
    const { status, body } = await askForSession(await start(), headers);
    expect({ status, code: body?.['code'] }).toEqual({ status: 403, code: 'origin_not_allowed' });
  });
});

test('WEB_APP=off: neither the page nor its session is there', async () => {
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
  ['none', undefined],
  ['an empty one', ''],
  ['a secret one, by mistake', 'sk_live_canary'],
  ['one that does not work any more', 'pk_live_canary'],
])('without a publishable key that works the page is told how to set one: %s', async (_, publishableKey) => {
  const { url } = await startHarness({ web: await webApp({ publishableKey }) });
  const { status, headers, body, text } = await askForSession(url);
  expect({ status, code: body?.['code'] }).toEqual({ status: 503, code: 'web_app_not_configured' });
  expect(body?.['message']).toContain('WEB_PUBLISHABLE_KEY');
  expect(headers.getSetCookie()).toEqual([]);
  expect(text).not.toContain('canary');
});
