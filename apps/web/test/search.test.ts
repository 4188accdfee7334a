import { expect, test } from 'vitest';
import { startBed, type Visit, type VisitOptions } from './support/bed.ts';
import { EmbeddingPage, pageWithTag } from './support/embedding-page.ts';
import { startForeignSite } from './support/foreign-page.ts';
import { questionOf, seedChat, seedLongChat, visitorOf } from './support/seed.ts';

const bed = await startBed();
const { team } = bed;
const pages: Record<string, { html: string }> = {};
const site = await startForeignSite(pages);

/** Opens the page with a chat about a lighthouse, one that mentions it, and a third one. */
async function visitWithMessages(options: VisitOptions = {}): Promise<Visit & { mentions: string }> {
  const visit = await bed.visit(options);
  await seedChat(bed, visit, 'Lighthouse plans');
  const userId = await visitorOf(visit.context, bed.url);
  const mentions = await team.makeChat({ userId });
  await team.send(mentions.id, 'Tell me about Alexandria, please');
  await team.send(mentions.id, 'Who built the lighthouse there?');
  const other = await team.makeChat({ userId });
  await team.send(other.id, 'Which rivers flow through Vienna?');
  await untilFound('rivers', other.id);
  await visit.page.reload();
  await visit.screen.message.waitFor();
  return { ...visit, mentions: mentions.id };
}

/** Messages can be found about a second after their answer has ended. */
const untilFound = (words: string, chatId: string) =>
  expect
    .poll(async () => {
      const path = `/search?q=${encodeURIComponent(words)}`;
      const { body } = await team.rest<{ results: { chatId: string }[] }>('GET', path);
      return body.results.map((result) => result.chatId);
    })
    .toContain(chatId);

/** The message at which the page was opened. */
const targetOf = ({ screen }: Pick<Visit, 'screen'>) => screen.conversation.locator('[data-target]');
const isFocused = (element: Element) => element === document.activeElement;

test('Ctrl+K finds titles and messages, and Enter opens a chat at the found message', async () => {
  const { screen, page, mentions } = await visitWithMessages();
  await page.keyboard.press('ControlOrMeta+k');
  await expect.poll(() => screen.searchBox.evaluate(isFocused)).toBe(true);
  await page.keyboard.type('LIGHTH');
  await expect.poll(() => screen.found.count()).toBe(2);
  const [title, message] = await screen.found.allInnerTexts();
  expect(title).toBe('Lighthouse plans');
  expect(message).toContain('Who built the lighthouse there?');
  expect(await screen.found.locator('mark').allInnerTexts()).toEqual(
    ['Lighthouse', 'lighthouse'].map((word) => word.slice(0, 6)),
  );
  const groups = page.getByRole('listbox').getByRole('group');
  expect(await groups.evaluateAll((all) => all.length)).toBe(2);
  await page.getByText('2 results').waitFor({ state: 'attached' });

  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === `/c/${mentions}`);
  await screen.searchBox.waitFor({ state: 'detached' });
  const target = targetOf({ screen });
  await expect.poll(() => target.innerText()).toContain('Who built the lighthouse there?');
  await expect.poll(() => target.evaluate(isFocused)).toBe(true);
  await page.goBack();
  await page.waitForURL((url) => url.pathname === '/');
});

test('the arrow keys go through all options and around, and screen readers follow them', async () => {
  const { screen, page } = await visitWithMessages();
  await screen.searchButton.click();
  // Without words the options are the chats that were used last.
  await expect.poll(() => screen.found.count()).toBe(3);
  const selected = () => screen.found.and(page.locator('[aria-selected="true"]'));
  const followed = async () => {
    const id = await screen.searchBox.getAttribute('aria-activedescendant');
    expect(await selected().getAttribute('id')).toBe(id);
    return selected().innerText();
  };
  const names = await screen.found.allInnerTexts();
  const visited: string[] = [];
  for (let press = 0; press < 4; press++) {
    visited.push(await followed());
    await page.keyboard.press('ArrowDown');
  }
  expect(visited).toEqual([...names, names[0]]);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  expect(await followed()).toBe(names[2]);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: names[2] as string, exact: true, level: 1 }).waitFor();
});

test('the focus returns to where it was when Escape closes the search', async () => {
  const { screen, page } = await visitWithMessages();
  await screen.chatLink('Lighthouse plans').focus();
  await page.keyboard.press('ControlOrMeta+k');
  await screen.searchBox.fill('alexandria');
  await expect.poll(() => screen.found.count()).toBeGreaterThan(0);
  await page.keyboard.press('Escape');
  await expect.poll(() => screen.chatLink('Lighthouse plans').evaluate(isFocused)).toBe(true);
  await page.keyboard.press('ControlOrMeta+k');
  await expect.poll(() => screen.searchBox.inputValue()).toBe('');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => screen.chatLink('Lighthouse plans').evaluate(isFocused)).toBe(true);
});

test('a search is cancelled when the user types on, and words without matches are said', async () => {
  const { screen, page } = await visitWithMessages();
  const isSearch = (url: string) => url.includes('message.search');
  const aborted: string[] = [];
  page.on('requestfailed', (request) => isSearch(request.url()) && aborted.push(request.url()));
  await page.route(
    (url) => isSearch(url.href) && url.href.includes('alex') && !url.href.includes('alexandria'),
    () => undefined,
  );
  await page.keyboard.press('ControlOrMeta+k');
  const asked = page.waitForRequest((request) => isSearch(request.url()));
  await page.keyboard.type('alex');
  await asked;
  await page.keyboard.type('andria');
  await screen.found.locator('mark', { hasText: 'Alexandria' }).first().waitFor();
  expect(aborted).toHaveLength(1);
  await screen.searchBox.fill('zebra');
  await page.getByText('Nothing matches “zebra”').waitFor();
  expect(await screen.searchBox.getAttribute('aria-expanded')).toBe('false');
});

test('the page loads back to a message of long ago in few requests, and does not follow the end', async () => {
  const visit = await bed.visit();
  const { screen, page, watch } = visit;
  const turns = 800;
  const { id } = await seedLongChat(bed, visit, turns);
  const { body } = await team.rest<{ messages: { id: string }[] }>('GET', `/chat/${id}/message`);
  await page.goto(`/c/${id}?message=${body.messages[2 * 11]?.id}`);
  const target = targetOf(visit);
  await expect.poll(() => target.innerText()).toContain(questionOf(12));
  await expect.poll(() => target.evaluate(isFocused)).toBe(true);
  const isInView = () =>
    target.evaluate((element) => {
      const view = element.closest('[role=log]')?.getBoundingClientRect();
      const { top, bottom } = element.getBoundingClientRect();
      return view !== undefined && top >= view.top && bottom <= view.bottom;
    });
  await expect.poll(isInView).toBe(true);
  const lists = watch.requests.filter((address) => address.includes('message.list'));
  expect(lists.length).toBeLessThanOrEqual(8);
  expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(700);

  const height = () => screen.conversation.evaluate((log) => log.scrollHeight);
  const before = await height();
  await team.send(id, 'One more');
  await expect.poll(height).toBeGreaterThan(before);
  expect(await isInView()).toBe(true);
  await page.getByRole('button', { name: 'Jump to latest' }).click();
  await screen.conversation.getByText(questionOf(turns), { exact: true }).waitFor();
});

test('a message that was found in the open chat is shown again each time it is chosen', async () => {
  const visit = await visitWithMessages();
  const { screen, page } = visit;
  for (let time = 0; time < 2; time++) {
    await page.keyboard.press('ControlOrMeta+k');
    await screen.searchBox.fill('who built');
    await expect.poll(() => screen.found.allInnerTexts()).toEqual([expect.stringContaining('Who built')]);
    await page.keyboard.press('Enter');
    await expect.poll(() => targetOf(visit).count()).toBe(1);
    await expect.poll(() => targetOf(visit).evaluate(isFocused)).toBe(true);
    await screen.message.focus();
  }
});

test('an address with a message that the chat does not show opens the chat', async () => {
  const visit = await visitWithMessages();
  await visit.page.goto(`/c/${visit.mentions}?message=msg_nothing`);
  await visit.screen.conversation.getByText('Who built the lighthouse there?', { exact: true }).waitFor();
  expect(await targetOf(visit).count()).toBe(0);
});

test('Back on a phone closes the search first, and a chosen chat takes its place', async () => {
  const visit = await visitWithMessages({ isPhone: true });
  const { screen, page, mentions } = visit;
  await page.getByRole('button', { name: 'Show chats' }).click();
  await screen.searchButton.click();
  await screen.searchBox.waitFor();
  await page.goBack();
  await screen.searchBox.waitFor({ state: 'detached' });
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  expect(new URL(page.url()).pathname).toBe('/');

  await page.getByRole('button', { name: 'Show chats' }).click();
  await screen.searchButton.click();
  await screen.searchBox.fill('who built');
  await screen.found.filter({ hasText: 'Who built' }).click();
  await page.waitForURL((url) => url.pathname === `/c/${mentions}`);
  await expect.poll(() => targetOf(visit).innerText()).toContain('Who built');
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.goBack();
  await page.getByRole('heading', { name: 'What would you like to talk about?' }).waitFor();
});

test('the search of an embedded chat opens a chat at the found message', async () => {
  const shop = site.origin.replace('127.0.0.1', 'shop.localhost');
  const { body } = await team.rest<{ key: string }>('POST', '/key', {
    body: { kind: 'publishable', access: 'guest', origins: [shop] },
  });
  pages['/guest'] = { html: pageWithTag(bed.url, { key: body.key }) };
  const visit = await bed.visit({ path: 'about:blank' });
  visit.watch.expectProblem(new RegExp(`^request to ${shop}`));
  await visit.page.goto(`${shop}/guest`);
  const at = new EmbeddingPage(visit.page);
  await at.open();
  await at.begin('Where are my pelargoniums?');
  await at.chat.untilAnswer('You said: Where are my pelargoniums?', 'completed');
  await expect
    .poll(async () => (await team.rest<{ results: object[] }>('GET', '/search?q=pelargoniums')).body.results)
    .toHaveLength(1);
  await at.chat.message.press('ControlOrMeta+k');
  await at.chat.searchBox.fill('pelargon');
  await at.chat.found.locator('mark').nth(1).waitFor();
  await at.chat.searchBox.press('ArrowDown');
  await at.chat.searchBox.press('Enter');
  await expect.poll(() => targetOf({ screen: at.chat }).innerText()).toContain('pelargoniums');
});

test('the search is in the language of the page', async () => {
  const { page } = await bed.visit({ locale: 'de' });
  await page.getByRole('textbox', { name: 'Nachricht' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Chats und Nachrichten durchsuchen' }).fill('xyz');
  await page.getByText('Nichts passt zu „xyz“').waitFor();
});
