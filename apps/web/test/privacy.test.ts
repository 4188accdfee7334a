import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';

const { visit, team, pageKey, url } = await startBed();

test('no response contains the secret key, and no URL contains a key or token', async () => {
  const { screen, page, context, watch } = await visit({ path: 'about:blank' });
  const bodies: Promise<string>[] = [];
  context.on('response', (response) => {
    // A stream ends when it is closed. Its contents are checked in the page below.
    if (/event-stream/.test(response.headers()['content-type'] ?? '')) return;
    bodies.push(response.text().catch(() => ''));
  });
  await page.goto('/');
  await screen.begin('Hello');
  await screen.untilAnswer('You said: Hello', 'completed');
  await page.reload();
  await screen.untilAnswer('You said: Hello', 'completed');

  const kept = await page.evaluate(() => ({
    html: document.documentElement.outerHTML,
    local: JSON.stringify({ ...localStorage }),
    session: JSON.stringify({ ...sessionStorage }),
    cookies: document.cookie,
  }));
  const everything = [...(await Promise.all(bodies)), ...Object.values(kept)].join('\n');
  expect(everything).toContain(pageKey);
  expect(everything).not.toContain(team.secretKey);
  expect(everything).not.toMatch(/sk_live_/);
  expect(everything).not.toMatch(/ss_live_/);
  const [token = ''] = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(everything) ?? [];
  expect(everything).toContain(`"userToken":"${token}"`);
  expect(watch.requests.filter((address) => /[ps]k_live|eyJ/.test(address))).toEqual([]);
  // The page stores no key and no token, and cannot read its cookie.
  expect(kept.cookies).toBe('');
  expect(`${kept.html}${kept.local}${kept.session}`).not.toMatch(/pk_live_|eyJ/);
});

test('the page only sends requests to its own server, and the server only accepts its own page', async () => {
  const { screen, watch, context } = await visit();
  await screen.begin('Hello');
  await screen.untilAnswer('You said: Hello', 'completed');
  expect([...new Set(watch.requests.map((address) => new URL(address).origin))]).toEqual([url]);

  const foreign = await context.newPage();
  const seen = await foreign.evaluate(
    (address) =>
      fetch(address, { method: 'POST' })
        .then((response) => response.text())
        .catch(() => 'refused'),
    `${url}/web/session`,
  );
  expect(seen).toBe('refused');
  watch.expectProblem(/blocked by CORS|status of 403|Failed to load resource/);
});

test('other pages cannot put the page into a frame', async () => {
  const { context, watch } = await visit({ path: 'about:blank' });
  watch.expectProblem(/frame-ancestors|Refused to frame|Framing/);
  const outer = await context.newPage();
  await outer.setContent(`<iframe src="${url}/"></iframe>`);
  await expect
    .poll(async () => (await outer.frames()[1]?.evaluate(() => document.body.innerText)) ?? '')
    .not.toContain('Parley');
  expect(await outer.frameLocator('iframe').getByRole('textbox', { name: 'Message' }).count()).toBe(0);
});
