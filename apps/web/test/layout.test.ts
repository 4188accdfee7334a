import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { demoChat, streamText } from './support/demo.ts';

const { visit, model } = await startBed();
for (const { question, answer } of demoChat) model.replyTo(question, streamText(answer));
model.replyTo(
  'Wide',
  streamText(readFileSync(join(import.meta.dirname, 'support/markdown/wide.md'), 'utf8')),
);

test.each([320, 390, 768, 1024, 1920])('nothing overflows a window of %i pixels', async (width) => {
  const { screen, page } = await visit();
  await page.setViewportSize({ width, height: 700 });
  const sticksOut = () =>
    page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const log = document.querySelector('[role="log"]');
      return scrollWidth - clientWidth + (log ? log.scrollWidth - log.clientWidth : 0);
    });
  await screen.message.waitFor();
  expect(await sticksOut()).toBe(0);
  for (const [index, { question }] of demoChat.entries()) {
    if (index === 0) await screen.begin(question);
    else await screen.send(question);
    await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('completed');
    await expect.poll(() => screen.answers.count()).toBe(index + 1);
  }
  await screen.conversation.locator('.hljs-keyword').first().waitFor();
  expect(await sticksOut()).toBe(0);
  await screen.send('Wide');
  await screen.answers.last().getByRole('group', { name: 'Table' }).waitFor();
  await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('completed');
  expect(await sticksOut()).toBe(0);
  await screen.message.fill('a-word-that-does-not-end-'.repeat(30));
  expect(await sticksOut()).toBe(0);
  expect(await screen.sendButton.isVisible()).toBe(true);
});

test('the message box is as high as its text at every width', async () => {
  const { screen, page } = await visit();
  const height = async () => (await screen.message.boundingBox())?.height ?? Number.NaN;
  await screen.message.waitFor();
  const one = await height();
  await screen.message.fill('words and words '.repeat(12));
  const wide = await height();
  expect(wide).toBeGreaterThan(one);
  await page.setViewportSize({ width: 360, height: 700 });
  await expect.poll(height).toBeGreaterThan(wide);
  await screen.message.fill('');
  await expect.poll(height).toBeLessThan(one + 4);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.setViewportSize({ width: 390, height: 700 });
  await expect.poll(height).toBeLessThan(one + 4);
});

test('follows the theme of the system until another one is chosen, in all tabs', async () => {
  const one = await visit({ isDark: true });
  const isDark = (page: typeof one.page) =>
    page.evaluate(() => document.documentElement.classList.contains('dark'));
  await one.screen.message.waitFor();
  expect(await isDark(one.page)).toBe(true);
  await one.page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(() => isDark(one.page)).toBe(false);

  const other = await one.openTab('/');
  await other.message.waitFor();
  await one.page.getByRole('button', { name: 'Settings' }).click();
  await one.page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await expect.poll(() => isDark(one.page)).toBe(true);
  await expect.poll(() => isDark(other.page)).toBe(true);
  await one.page.reload();
  expect(await isDark(one.page)).toBe(true);
});
