import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';

const { visit } = await startBed();

test('keeps the draft of each chat over a reload', async () => {
  const { screen, page } = await visit();
  await screen.message.fill('for a new chat');
  await page.reload();
  await expect.poll(() => screen.message.inputValue()).toBe('for a new chat');

  const chatId = await screen.begin('A chat');
  await screen.untilAnswer('You said: A chat', 'completed');
  await screen.message.fill('for this chat\nand a line more');
  await screen.newChatButton.click();
  await page.waitForURL((url) => url.pathname === '/');
  expect(await screen.message.inputValue()).toBe('');
  await page.goto(`/c/${chatId}`);
  await expect.poll(() => screen.message.inputValue()).toBe('for this chat\nand a line more');
});

test('removes the draft when the message is sent', async () => {
  const { screen, page } = await visit();
  await screen.message.fill('soon');
  await screen.begin('sent');
  await screen.untilAnswer('You said: sent', 'completed');
  await page.reload();
  await screen.untilAnswer('You said: sent', 'completed');
  expect(await screen.message.inputValue()).toBe('');
  await page.goto('/');
  await screen.message.waitFor();
  expect(await screen.message.inputValue()).toBe('');
});
