import { mkdir, stat } from 'node:fs/promises';
import { mock } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { scripts } from '@parley/agent/testing';
import type { Chat } from '@parley/contract';
import { type Browser, devices, type Page } from 'playwright-core';
import { findChrome, launch } from '../support/browser.ts';
import { buildPage } from '../support/built-page.ts';
import { ChatScreen } from '../support/chat-screen.ts';
import { demoChat, demoTitles, demoWork, streamText } from '../support/demo.ts';
import { EmbeddingPage } from '../support/embedding-page.ts';
import { visitorOf } from '../support/seed.ts';
import { type DemoServer, startDemoServer } from './demo-server.ts';
import { startDemoShop } from './demo-shop.ts';

/*
 * `npm run screenshots` takes the screenshots of the documentation from the running app.
 */

const FOLDER = fileURLToPath(new URL('../../../../docs/screenshots/', import.meta.url));
/** Screenshots must be readable on phones. */
const BYTES_MAX = 160 * 1024;
const DELIVERY = `Yes. Orders placed **before noon on Friday** arrive on Saturday:

- between 8 and 12 in the city,
- between 12 and 18 elsewhere.

Shall I look up an order for you?`;
const DAY_MS = 24 * 60 * 60 * 1_000;
const DEVICES = {
  desktop: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 },
  phone: { ...devices['iPhone 13'], deviceScaleFactor: 2 },
};

await mkdir(FOLDER, { recursive: true });
const server = await startDemoServer(buildPage());
const browser = await launch(await findChrome());
const guestKey = await server.call<{ key: string }>('POST', '/key', { kind: 'publishable', access: 'guest' });
const shop = await startDemoShop(server.url, guestKey.key);
try {
  const { cookies, chatId, workId } = await prepare(server, browser);
  for (const [device, settings] of Object.entries(DEVICES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({
        ...settings,
        baseURL: server.url,
        colorScheme,
        locale: 'en-GB',
        reducedMotion: 'reduce',
      });
      await context.addCookies([...cookies]);
      const page = await context.newPage();
      await page.goto('/');
      await page.getByRole('textbox', { name: 'Message' }).waitFor();
      await take(page, `new-chat-${colorScheme}-${device}`);
      await page.goto(`/c/${chatId}`);
      const conversation = page.getByRole('log', { name: 'Conversation' });
      await conversation.locator('.hljs-keyword').first().waitFor();
      await take(page, `code-${colorScheme}-${device}`);
      await conversation.evaluate((log) => log.scrollTo(0, 0));
      await conversation.locator('.katex').first().waitFor();
      await take(page, `conversation-${colorScheme}-${device}`);
      await takeSearch(page, `search-${colorScheme}-${device}`);
      await page.goto(`/c/${workId}`);
      await conversation.locator('summary').nth(1).waitFor();
      for (const row of await conversation.locator('summary').all()) await row.click();
      await take(page, `work-${colorScheme}-${device}`);
      await takeEmbed(page, `embed-${colorScheme}-${device}`);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await shop.stop();
  await server.stop();
}

/** Creates a user with some chats of the last days and one of today. */
async function prepare({ url, model, call, agentId }: DemoServer, opened: Browser) {
  const context = await opened.newContext({ baseURL: url });
  const page = await context.newPage();
  const screen = new ChatScreen(page);
  await page.goto('/');
  await screen.message.waitFor();
  const userId = await visitorOf(context, url);
  const cookies = await context.cookies(`${url}/web/session`);

  // Create the oldest first, because the list is sorted by last use.
  for (const { title, daysAgo } of demoTitles.toReversed()) {
    mock.timers.enable({ apis: ['Date'], now: Date.now() - daysAgo * DAY_MS });
    const chat = await call<Chat>('POST', '/chat', { agentId, userId });
    await call('PATCH', `/chat/${chat.id}`, { title });
    mock.timers.reset();
  }
  await page.reload();
  model.reply((work) => {
    work.chunk({ choices: [{ index: 0, delta: { reasoning_content: demoWork.reasoning } }] });
    return scripts.toolCalls(
      [{ name: demoWork.tool.name, arguments: demoWork.input }],
      demoWork.before,
    )(work);
  }, streamText(demoWork.answer));
  const workId = await screen.begin(demoWork.question);
  await screen.answers.and(page.locator('[data-status="completed"]')).waitFor();
  await page.goto('/');
  for (const [index, { question, answer }] of demoChat.entries()) {
    model.replyTo(question, streamText(answer));
    if (index === 0) await screen.begin(question);
    else await screen.send(question);
    await screen.answers.nth(index).and(page.locator('[data-status="completed"]')).waitFor();
  }
  const { chatId } = screen;
  await context.close();
  while ((await call<{ results: object[] }>('GET', '/search?q=horizon')).results.length < 2) await pause(200);
  return { cookies, chatId, workId };
}

/** Opens the search, with results in titles and messages. */
async function takeSearch(page: Page, name: string): Promise<void> {
  const screen = new ChatScreen(page);
  await page.keyboard.press('ControlOrMeta+k');
  await screen.searchBox.fill('horizon');
  await screen.found.locator('mark').nth(2).waitFor();
  await screen.searchBox.press('ArrowDown');
  await take(page, name);
  await screen.searchBox.press('Escape');
  await screen.searchBox.waitFor({ state: 'detached' });
}

/** Opens the embedded chat on another site's page, with an answered question. */
async function takeEmbed(page: Page, name: string): Promise<void> {
  await page.goto(shop.url);
  const at = new EmbeddingPage(page);
  await at.open();
  server.model.replyTo('Do you deliver on Saturdays?', streamText(DELIVERY));
  await at.begin('Do you deliver on Saturdays?');
  await at.chat.answers.and(at.frame.locator('[data-status="completed"]')).waitFor();
  await take(page, name);
}

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  const path = `${FOLDER}${name}.png`;
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  const { size } = await stat(path);
  process.stdout.write(`${name}.png  ${Math.round(size / 1024)} KiB\n`);
  if (size > BYTES_MAX) throw new Error(`${name}.png has more than ${BYTES_MAX / 1024} KiB`);
}
