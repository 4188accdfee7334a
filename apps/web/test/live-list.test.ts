import { longTest } from '@parley/embedded/testing/form';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { paceAnswer } from './support/paced-answer.ts';
import { seedChat } from './support/seed.ts';

/* The list of chats is live: what happens in one window is shown in all others, without a second stream. */

const bed = await startBed();
const { visit, model, team } = bed;

test('a chat moves to the top when it is used, with a mark while it is answered and until it is seen', async () => {
  const visiting = await visit();
  const older = await seedChat(bed, visiting, 'The older one');
  await seedChat(bed, visiting, 'The newer one');
  const { screen, page } = visiting;
  await expect.poll(() => screen.titles()).toEqual(['The newer one', 'The older one']);
  const answer = paceAnswer(model, 'From elsewhere', ['so ', 'far']);
  const sending = team.send(older.id, 'From elsewhere');
  answer.next();
  await expect.poll(() => screen.titles()).toEqual(['The older one', 'The newer one']);
  const row = screen.chatLink('The older one');
  await row.getByRole('img', { name: 'Answering' }).waitFor();
  answer.finish();
  await sending;
  await row.getByRole('img', { name: 'New messages' }).waitFor();
  await row.click();
  await screen.untilAnswer('so far', 'completed');
  await expect.poll(() => row.getByRole('img').count()).toBe(0);
  await page.reload();
  await row.waitFor();
  expect(await row.getByRole('img').count()).toBe(0);
});

test('a chat that is created, renamed or deleted in one tab is so in the other, also while that shows a chat', async () => {
  const first = await visit();
  const chatId = await first.screen.begin('In both tabs');
  await first.screen.untilAnswer('You said: In both tabs', 'completed');
  const second = await first.openTab(`/c/${chatId}`);
  await second.untilAnswer('You said: In both tabs', 'completed');
  const chat = await seedChat(bed, first, 'From outside');
  for (const tab of [first.screen, second]) await tab.chatLink('From outside').waitFor();
  await team.rest('PATCH', `/chat/${chat.id}`, { body: { title: 'Renamed outside' } });
  for (const tab of [first.screen, second]) await tab.chatLink('Renamed outside').waitFor();
  await team.rest('DELETE', `/chat/${chat.id}`);
  for (const tab of [first.screen, second])
    await tab.chatLink('Renamed outside').waitFor({ state: 'detached' });
});

test('a tab has one open stream, on the page of a chat and on that of a new one', async () => {
  const { screen, watch } = await visit();
  const streams = () => watch.requests.filter((url) => /\/trpc\/chat\.follow/.test(url));
  await expect.poll(streams).toHaveLength(1);
  expect(streams()[0]).toContain('chat.followAll');
  await screen.begin('One stream');
  await screen.untilAnswer('You said: One stream', 'completed');
  expect(streams().filter((url) => !url.includes('followAll'))).toEqual([]);
  const { text } = await team.rest('GET', '/chat');
  expect(text).toContain('One stream');
});

longTest('eight tabs over HTTP/1.1 are all usable, because hidden tabs give up their streams', async () => {
  const { context, openTab, screen } = await visit();
  await screen.message.waitFor();
  // A headless browser shows all tabs at once, so the test says which one is visible.
  await context.addInitScript(() => {
    let isHidden = false;
    Object.defineProperty(document, 'visibilityState', { get: () => (isHidden ? 'hidden' : 'visible') });
    Object.assign(window, {
      hide(hidden: boolean) {
        isHidden = hidden;
        document.dispatchEvent(new Event('visibilitychange'));
      },
    });
  });
  await screen.page.close();
  const hide = (tab: typeof screen, isHidden: boolean) =>
    tab.page.evaluate((hidden) => (window as never as { hide(to: boolean): void }).hide(hidden), isHidden);
  const tabs: (typeof screen)[] = [];
  for (let count = 1; count <= 8; count++) {
    const tab = await openTab('/');
    tabs.push(tab);
    await tab.begin(`Tab ${count}`);
    await tab.untilAnswer(`You said: Tab ${count}`, 'completed');
    await hide(tab, true);
  }
  for (const tab of tabs.toReversed()) {
    await hide(tab, false);
    await tab.send('Again');
    await tab.untilAnswer('You said: Again', 'completed');
    await hide(tab, true);
  }
});
