import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { PAGE_REQUESTS } from './support/page-requests.ts';

const { visit } = await startBed();

test('a visitor who opens the page and asks two questions makes no more requests than documented', async () => {
  const { screen, watch } = await visit();
  await screen.begin('What is on today?');
  await screen.untilAnswer('You said: What is on today?', 'completed');
  await screen.send('And tomorrow?');
  await screen.untilAnswer('You said: And tomorrow?', 'completed');
  await expect.poll(() => screen.titles()).toEqual(['What is on today?']);

  const paths = watch.requests.filter((url) => url.startsWith('http')).map((url) => new URL(url).pathname);
  const calls = paths.filter((path) => path.startsWith('/trpc/')).map((path) => path.slice('/trpc/'.length));
  const sessions = paths.filter((path) => path === '/web/session');
  // Calls that begin at the same time share a request.
  const proceduresOf = (all: readonly string[]) => all.flatMap((call) => call.split(',')).toSorted();
  // The stream of the list may tell the title of the chat before it is read.
  const left = [...proceduresOf(PAGE_REQUESTS.trpc)];
  const beyond = proceduresOf(calls).filter((call) => {
    const place = left.indexOf(call);
    if (place !== -1) left.splice(place, 1);
    return place === -1;
  });
  expect(beyond).toEqual([]);
  for (const needed of ['chat.create', 'message.create', 'message.list', 'chat.followAll'])
    expect(proceduresOf(calls)).toContain(needed);
  expect(calls.length).toBeLessThanOrEqual(PAGE_REQUESTS.trpc.length);
  expect(sessions).toHaveLength(PAGE_REQUESTS.sessions);
  const files = paths.length - calls.length - sessions.length;
  expect(files).toBeGreaterThan(1);
  expect(files).toBeLessThanOrEqual(PAGE_REQUESTS.files);
});
