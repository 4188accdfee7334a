import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { startBed, type Visit, type VisitOptions } from './support/bed.ts';
import { seedChat } from './support/seed.ts';

/*
 * The focus after dialogs, menus and deletions, and Back on a phone.
 */

const bed = await startBed();

/** Opens the page with three chats in its list. */
async function visitWithChats(options: VisitOptions = {}): Promise<Visit> {
  const visit = await bed.visit(options);
  for (const title of ['Third', 'Second', 'First']) await seedChat(bed, visit, title);
  await visit.page.reload();
  await visit.screen.message.waitFor();
  return visit;
}

/** Returns the name of the focused control. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    if (!element || element === document.body) return undefined;
    const label = (element as HTMLTextAreaElement).labels?.[0]?.innerText;
    return element.getAttribute('aria-label') ?? label ?? element.innerText.trim();
  });

async function openMenu(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: `Options for ${title}` }).press('Enter');
  await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
}

test.each(['Escape', 'Enter'])(
  'the focus returns to the menu button after a rename that %s ends',
  async (key) => {
    const { page, screen } = await visitWithChats();
    await screen.chatLink('Second').waitFor();
    await openMenu(page, 'Second');
    await page.getByRole('menuitem', { name: 'Rename' }).press('Enter');
    const name = page.getByRole('textbox', { name: 'Chat name' });
    await name.fill('Renamed');
    await name.press(key);
    await name.waitFor({ state: 'detached' });
    await expect.poll(() => focused(page)).toBe(`Options for ${key === 'Enter' ? 'Renamed' : 'Second'}`);
  },
);

test('the focus returns to the control from which the shortcuts were opened', async () => {
  const { page, screen } = await visitWithChats();
  await page.getByRole('button', { name: 'Settings' }).press('Enter');
  await page.getByRole('menuitem', { name: 'Keyboard shortcuts' }).press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => focused(page)).toBe('Settings');

  await screen.chatLink('Second').focus();
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => focused(page)).toBe('Second');
});

test('the focus moves to the next chat after a deletion, and returns there after an undo', async () => {
  const { page, screen } = await visitWithChats();
  await screen.chatLink('Second').waitFor();
  await openMenu(page, 'Second');
  await page.getByRole('menuitem', { name: 'Delete' }).press('Enter');
  await expect.poll(() => screen.titles()).toEqual(['First', 'Third']);
  await expect.poll(() => focused(page)).toBe('Third');
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  await expect.poll(() => screen.titles()).toEqual(['First', 'Second', 'Third']);
  await expect.poll(() => focused(page)).toBe('Third');
  expect(new URL(page.url()).pathname).toBe('/');

  await openMenu(page, 'Third');
  await page.getByRole('menuitem', { name: 'Delete' }).press('Enter');
  await expect.poll(() => focused(page)).toBe('Second');
});

test('the focus moves to the message box after the open chat was deleted', async () => {
  const { page, screen } = await visitWithChats();
  await screen.chatLink('Second').click();
  await page.getByRole('heading', { name: 'Second' }).waitFor();
  await page.getByRole('button', { name: 'Options for Second' }).last().press('Enter');
  await page.getByRole('menuitem', { name: 'Delete' }).press('Enter');
  await page.waitForURL((url) => url.pathname === '/');
  await expect.poll(() => focused(page)).toBe('Message');
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  await page.waitForURL(/\/c\/chat_/);
  await expect.poll(() => focused(page)).toBe('Message');
});

test('Back on a phone closes the list of chats first, and the focus returns to its button', async () => {
  const { page, screen } = await visitWithChats({ isPhone: true });
  const list = page.getByRole('dialog', { name: 'Chats and settings' });
  await page.getByRole('button', { name: 'Show chats' }).click();
  await screen.chatLink('Second').click();
  await page.getByRole('heading', { name: 'Second' }).waitFor();
  await expect.poll(() => list.count()).toBe(0);

  await page.getByRole('button', { name: 'Show chats' }).click();
  await list.waitFor();
  await page.goBack();
  await list.waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: 'Second' }).waitFor();
  await expect.poll(() => focused(page)).toBe('Show chats');

  // A list that was closed by its own button leaves nothing to go back to.
  await page.getByRole('button', { name: 'Show chats' }).click();
  await list.getByRole('button', { name: 'Hide chats' }).click();
  await list.waitFor({ state: 'detached' });
  await expect.poll(() => page.evaluate(() => history.state)).toBe(null);
  await page.goBack();
  await page.getByRole('heading', { name: 'What would you like to talk about?' }).waitFor();
});
