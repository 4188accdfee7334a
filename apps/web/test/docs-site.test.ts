import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { startBed } from './support/bed.ts';

/*
 * The documentation as the server serves it: its pages, their links, and a visit with a browser.
 */

const folder = inject('docsFolder');
const bed = await startBed({ docsFolder: folder });
const { url } = bed;

const files = await readdir(folder, { recursive: true });
/** Returns the addresses of all pages. */
const pages = files
  .filter((name) => name.endsWith('.html') && name !== '404.html')
  .map((name) => `/docs/${name.replace(/(?:index)?\.html$/, '')}`);

async function get(path: string, init?: RequestInit) {
  const response = await fetch(url + path, { redirect: 'manual', ...init });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

test('serves each page without `.html`, and as Markdown', async () => {
  expect(pages.length).toBeGreaterThan(30);
  expect(pages).toEqual(
    expect.arrayContaining(['/docs/', '/docs/guide/five-minutes', '/docs/embed', '/docs/recipes/go']),
  );
  for (const page of pages) {
    const { status, headers } = await get(page);
    expect([page, status, headers.get('content-type')]).toEqual([page, 200, 'text/html; charset=utf-8']);
  }
  const markdown = await get('/docs/guide/concepts.md');
  expect([markdown.status, markdown.headers.get('content-type')]).toEqual([
    200,
    'text/markdown; charset=utf-8',
  ]);
  expect(markdown.text).toContain('# Chats, turns, streams');
});

test('every link of every page leads to an existing page and anchor', async () => {
  const known = new Map<string, Promise<{ status: number; ids: Set<string>; hrefs: string[] }>>();
  const look = (path: string) => {
    const found =
      known.get(path) ??
      get(path).then(({ status, text }) => ({
        status,
        ids: new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id)),
        hrefs: [
          ...text.matchAll(/<(?:a|link|img|script|source)\b[^>]*?\s(?:href|src|srcset)="([^"]+)"/g),
        ].map(([, href = '']) => href),
      }));
    known.set(path, found);
    return found;
  };
  const broken: string[] = [];
  let count = 0;
  for (const page of pages) {
    for (const href of (await look(page)).hrefs) {
      const target = new URL(href.replaceAll('&amp;', '&'), url + page);
      if (target.origin !== url) continue;
      count++;
      // The reference redirects to its own address.
      const { status, ids } = await look(target.pathname.replace(/^\/docs\/reference$/, '/docs/reference/'));
      const isThere =
        status === 200 && (target.hash === '' || ids.has(decodeURIComponent(target.hash.slice(1))));
      if (!isThere) broken.push(`${page} → ${href} (${status})`);
    }
  }
  expect(count).toBeGreaterThan(1_000);
  expect(broken).toEqual([]);
});

test('serves llms.txt with links to the Markdown pages', async () => {
  const { status, headers, text } = await get('/llms.txt');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
  expect(text).toMatch(/^# Parley\n\n> .+\n/);
  const links = [...text.matchAll(/\]\((\/[^)]+)\)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(25);
  for (const link of links) {
    const page = await get(link);
    expect([link, page.status, page.headers.get('content-type')]).toEqual([
      link,
      200,
      'text/markdown; charset=utf-8',
    ]);
  }
  expect((await get('/llms-full.txt')).text).toContain('Chats, turns, streams');
});

test('answers 404 for missing pages and for paths outside of its folder', async () => {
  const missing = await get('/docs/nothing');
  expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
  for (const path of [
    '/docs/..%2f..%2fpackage.json',
    '/docs/%2e%2e/package.json',
    '/docs/....//package.json',
    '/docs/assets/',
    '/docs/%00',
  ]) {
    const { status, text } = await get(path);
    expect([path, status < 500 && status >= 400, text.includes('"workspaces"')]).toEqual([path, true, false]);
  }
  const posted = await get('/docs/errors', { method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('sends a policy without inline scripts, and caches files with a hash for long', async () => {
  const { headers } = await get('/docs/');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/script-src 'self'(?: 'sha256-[^']+')+;/);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe('no-cache');
  const again = await get('/docs/', {
    headers: { 'if-none-match': headers.get('etag') ?? '', 'cache-control': 'max-age=0' },
  });
  expect(again.status).toBe(304);
  const asset = files.find((name) => /^assets\/app\..*\.js$/.test(name)) ?? '';
  expect((await get(`/docs/${asset}`)).headers.get('cache-control')).toBe(
    'public, max-age=31536000, immutable',
  );
  expect((await get('/docs/errors', { method: 'HEAD' })).status).toBe(200);
  expect((await get('/docs')).headers.get('location')).toBe('/docs/');
});

test('a browser can read and search the documentation without errors or policy violations', async () => {
  const { page, watch } = await bed.visit({ path: '/docs/' });
  // The reference checks whether it may compile code, and works without.
  watch.expectProblem(/script-src eval .*scalar\.js/);
  await page.getByRole('link', { name: 'In five minutes' }).first().click();
  await page.getByRole('heading', { name: 'In five minutes', level: 1 }).waitFor();
  await page
    .getByRole('button', { name: /search/i })
    .first()
    .click();
  await page.getByRole('searchbox').fill('budget_exhausted');
  await page.getByRole('option').first().click();
  await page.waitForURL(/\/docs\/(?:errors|limits-and-usage|security)/);
  await page.getByRole('link', { name: 'API reference' }).first().click();
  await page.waitForURL(/\/docs\/reference/);
});

test('explains how to build the documentation if it was not built', async () => {
  const other = await bed.startReplica({ docsFolder: join(folder, 'assets') });
  const { status } = await fetch(`${other.url}/docs/`);
  expect(status).toBe(503);
});

test('shows the reference page under a policy without inline scripts', async () => {
  const { page, watch } = await bed.visit({ path: '/docs/reference/' });
  // The library checks whether it may compile code at run time, and works without.
  watch.expectProblem(/script-src eval .*scalar\.js/);
  const policy = (await get('/docs/reference/')).headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/script-src 'self' 'sha256-[^']+'/);
  expect(policy.split('; ').find((part) => part.startsWith('script-src'))).not.toContain('unsafe');
  // The library has started and has read the document.
  await page.getByRole('heading', { name: 'Parley' }).first().waitFor();
  await page.getByText('List chats').first().waitFor();
  expect(watch.problems()).toEqual([]);
});
