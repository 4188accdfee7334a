import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { ask, webApp, webFolder } from './support.ts';

const { url, makeTeam } = await startHarness({ web: await webApp() });
const team = await makeTeam();

/** A policy's directives, by name. */
const policyOf = (headers: Headers) =>
  Object.fromEntries(
    (headers.get('content-security-policy') ?? '').split('; ').map((line) => {
      const [name = '', ...sources] = line.split(' ');
      return [name, sources.join(' ')];
    }),
  );

describe('the page', () => {
  test.each(['/', '/?from=mail', '/c/chat_01jd2m8x5qk3v7w9yb4t6r1znhce', '/c/anything/'])(
    'the page is served at %s',
    async (path) => {
      const { status, headers, text } = await ask(url, 'GET', path);
      expect({ status, text }).toEqual({ status: 200, text: expect.stringContaining('<title>Chat</title>') });
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-cache');
    },
  );

  test('the page loads only files of this server, cannot be framed, and runs only its listed inline scripts', async () => {
    const { headers } = await ask(url, 'GET', '/');
    expect(policyOf(headers)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self' 'unsafe-inline'",
      'img-src': "'self' data:",
      'font-src': "'self'",
      'connect-src': "'self'",
      'manifest-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('permissions-policy')).toContain('camera=()');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('the page is not sent again while it is unchanged', async () => {
    const etag = (await ask(url, 'GET', '/')).headers.get('etag') ?? '';
    const { status, headers, text } = await ask(url, 'GET', '/', { 'if-none-match': etag });
    expect({ status, text }).toEqual({ status: 304, text: '' });
    expect(headers.get('content-security-policy')).not.toBeNull();
  });

  test('HEAD of the page returns the headers of GET', async () => {
    const { status, headers, text } = await ask(url, 'HEAD', '/');
    expect({ status, text }).toEqual({ status: 200, text: '' });
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  });
});

describe('the files of the page', () => {
  test('files with a hash in their name are cached for a year', async () => {
    const { status, headers, text } = await ask(url, 'GET', '/assets/app-1a2b3c.js');
    expect({ status, text }).toEqual({ status: 200, text: 'export const answer = 42;' });
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('content-type')).toBe('application/javascript; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('files that the build has compressed are sent compressed', async () => {
    const { headers, text } = await ask(url, 'GET', '/assets/app-1a2b3c.js', {
      'accept-encoding': 'gzip, br',
    });
    expect(headers.get('content-encoding')).toBe('br');
    expect(headers.get('vary')).toMatch(/accept-encoding/i);
    expect(headers.get('content-type')).toBe('application/javascript; charset=utf-8');
    expect(text).toBe('not really brotli');
  });

  test.each([
    ['/theme.js', 'application/javascript; charset=utf-8'],
    ['/favicon.svg', 'image/svg+xml'],
  ])('%s is revalidated each time', async (path, type) => {
    const { status, headers } = await ask(url, 'GET', path);
    expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type });
    expect(headers.get('cache-control')).toBe('no-cache');
  });

  test.each([
    '/assets/',
    '/assets/none.js',
    '/assets/.hidden',
    '/assets/../index.html',
    '/assets/%2e%2e/index.html',
    '/assets/..%2findex.html',
    '/assets/..%5cindex.html',
    '/assets/%00',
    '/assets//etc/passwd',
    '/index.html.br',
    '/c',
    '/c/a/b',
    '/robots.txt',
    '/web',
    '/web/none',
  ])('%s returns 404 in the envelope', async (path) => {
    const { status, headers, body } = await ask(url, 'GET', path);
    expect({ status, code: body?.['code'] }).toEqual({ status: 404, code: 'route_not_found' });
    expect(headers.get('cache-control') ?? '').not.toContain('immutable');
    expect(body?.['requestId']).toBe(headers.get('x-request-id'));
  });

  test.each(['/none', '/c/a/b', '/robots.txt'])(
    'a browser that opens %s gets a page with status 404',
    async (path) => {
      const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
      const { status, headers, text } = await ask(url, 'GET', path, { accept });
      expect({ status, text }).toEqual({ status: 404, text: expect.stringContaining('<title>Chat</title>') });
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-cache');
      expect(policyOf(headers)['frame-ancestors']).toBe("'none'");
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('x-request-id')).toMatch(/^req_/);
      expect((await ask(url, 'HEAD', path, { accept })).text).toBe('');
      expect((await ask(url, 'POST', path, { accept })).body?.['code']).toBe('route_not_found');
    },
  );

  test('a browser that opens a missing file of the page gets an error of the API', async () => {
    const { status, body } = await ask(url, 'GET', '/assets/none.js', { accept: 'text/html' });
    expect({ status, code: body?.['code'] }).toEqual({ status: 404, code: 'route_not_found' });
  });

  test.each(['/', '/c/chat_x', '/theme.js', '/assets/app-1a2b3c.js'])(
    'POST %s returns 405 with Allow',
    async (path) => {
      const { status, headers, body } = await ask(url, 'POST', path);
      expect({ status, code: body?.['code'] }).toEqual({ status: 405, code: 'method_not_allowed' });
      expect(headers.get('allow')).toBe('GET, HEAD');
    },
  );
});

describe('the API beside the page', () => {
  test.each([
    [200, 'GET', '/chat'],
    [200, 'GET', '/trpc/chat.list?input={}'],
    [404, 'GET', '/chat/nope'],
    [404, 'GET', '/nope'],
    [405, 'PUT', '/chat'],
    [401, 'GET', '/agent'],
  ])('a page of any origin can read the %i of %s %s', async (status, method, path) => {
    const key = status === 401 ? 'wrong' : team.publishableKey;
    const answer = await ask(url, method, path, { 'x-api-key': key, origin: 'https://shop.example' });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('content-security-policy')).toBeNull();
  });
});

test('a server without a built page starts, logs it, and shows a visitor what to do', async () => {
  const harness = await startHarness({ web: await webApp({ folder: await webFolder({}) }) });
  for (const path of ['/', '/c/chat_x']) {
    const { status, headers, text } = await ask(harness.url, 'GET', path);
    expect(status).toBe(503);
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(text).toBe('The chat page is not built yet. Run `npm run build`, and start the server again.\n');
  }
  expect(harness.log.text).toContain('the chat page is not built');
  expect((await ask(harness.url, 'GET', '/healthz')).status).toBe(200);
});
