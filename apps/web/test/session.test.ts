import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { visitorOf } from './support/seed.ts';

const { visit, team, mongo, url } = await startBed();

test('sends every request with the token of its user', async () => {
  const { screen, context } = await visit();
  const calls: { path: string; token: string | undefined; body: string }[] = [];
  context.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (!pathname.startsWith('/trpc')) return;
    const token = request.headers()['x-user-token'];
    calls.push({ path: pathname + search, token, body: request.postData() ?? '' });
  });
  await screen.begin('Hello');
  await screen.untilAnswer('You said: Hello', 'completed');
  const [cookie] = await context.cookies(`${url}/web/session`);
  expect(calls.length).toBeGreaterThan(3);
  expect(calls.filter(({ token }) => !token?.startsWith('eyJ'))).toEqual([]);
  expect(calls.filter(({ path, body }) => `${path}${body}`.includes(cookie?.value ?? ''))).toEqual([]);
});

test('gets a new token after its signing secret was revoked', async () => {
  const { screen, watch } = await visit();
  watch.expectProblem(/status of 401/);
  await screen.begin('Before');
  await screen.untilAnswer('You said: Before', 'completed');
  const store = mongo.database.stores.signingSecrets;
  for (const { id } of await store.list({ team: team.id })) await store.revoke({ team: team.id }, id);
  await screen.send('After');
  await screen.untilAnswer('You said: After', 'completed');
  await expect.poll(() => screen.titles()).toEqual(['Before']);
});

test('shows no data of the former user after the cookie was lost', async () => {
  const { screen, page, context, watch } = await visit();
  watch.expectProblem(/status of 40[14]/);
  await screen.begin('Of the first');
  await screen.untilAnswer('You said: Of the first', 'completed');
  await context.clearCookies();
  await page.goto('/');
  await expect.poll(() => screen.titles()).toEqual([]);
  await screen.begin('Of the second');
  await screen.untilAnswer('You said: Of the second', 'completed');
  await expect.poll(() => screen.titles()).toEqual(['Of the second']);
});

test.each([
  ['by the Web Locks API', true],
  ['by a lock in localStorage, where the page is served without TLS', false],
])('tabs that open at the same time share one visitor: %s', async (_, hasLocks) => {
  const { context, openTab } = await visit({ path: 'about:blank' });
  if (!hasLocks) {
    await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
  }
  const visitors: string[] = [];
  context.on('response', async (response) => {
    if (!response.url().endsWith('/web/session')) return;
    // A page that closes takes the body with it.
    const session: { userId: string } | undefined = await response.json().catch(() => undefined);
    if (session) visitors.push(session.userId);
  });
  const tabs = await Promise.all(Array.from({ length: 4 }, () => openTab('/')));
  await Promise.all(tabs.map((tab) => tab.message.waitFor()));
  await expect.poll(() => visitors.length).toBeGreaterThanOrEqual(tabs.length);
  expect([...new Set(visitors)]).toEqual([await visitorOf(context, url)]);
});
