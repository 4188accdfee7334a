import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { questionOf, seedLongChat } from './support/seed.ts';

const TURNS = 120;
const bed = await startBed();

/** Opens a chat of which the page has loaded the end only. */
async function openChat() {
  const visit = await bed.visit({ isDark: true });
  const chat = await seedLongChat(bed, visit, TURNS);
  // A test cannot press the buttons of the browser's own dialog.
  await visit.context.addInitScript(() => {
    Object.assign(window, { printed: 0, print: () => Object.assign(window, { printed: 1 }) });
  });
  await visit.page.goto(`/c/${chat.id}`);
  await visit.screen.conversation.getByText(questionOf(TURNS), { exact: true }).waitFor();
  return visit;
}

test('Ctrl+P prints the whole conversation without the rest of the page', async () => {
  const { page, screen } = await openChat();
  await screen.message.press('Control+p');
  await expect.poll(() => page.evaluate(() => (window as unknown as { printed: number }).printed)).toBe(1);
  await page.emulateMedia({ media: 'print' });
  const text = await page.locator('body').innerText();
  for (const number of [1, TURNS / 2, TURNS]) expect(text).toContain(questionOf(number));
  expect(text).not.toContain('Earlier messages are not printed');
  for (const chrome of [screen.message, screen.newChatButton, screen.searchButton])
    expect(await chrome.isVisible()).toBe(false);
  // The pages go on below the window, and their colors are those of paper.
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeGreaterThan(5_000);
  const ink = await page.evaluate(() => getComputedStyle(document.body).color);
  expect(ink).toMatch(/^oklch\(0\.2/);

  await page.emulateMedia({ media: 'screen' });
  await expect.poll(() => page.getByText(questionOf(1), { exact: true }).count()).toBe(0);
  await screen.conversation.getByText(questionOf(TURNS), { exact: true }).waitFor();
});

test("the browser's menu prints the loaded messages, and says that there are earlier ones", async () => {
  const { page } = await openChat();
  await page.emulateMedia({ media: 'print' });
  const printed = page.locator('body');
  await expect.poll(() => printed.innerText()).toContain('Earlier messages are not printed.');
  expect(await printed.innerText()).toContain(questionOf(TURNS));
});
