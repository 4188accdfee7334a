import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { paceAnswer } from './support/paced-answer.ts';
import { seedChat } from './support/seed.ts';

const bed = await startBed();
const { visit, model } = bed;

test('Tab reaches every control, and the focus is visible', async () => {
  const one = await visit();
  const { screen, page } = one;
  await seedChat(bed, one, 'A chat of before');
  const chatId = await screen.begin('Hello');
  await screen.untilAnswer('You said: Hello', 'completed');
  await page.goto(`/c/${chatId}`);
  await screen.untilAnswer('You said: Hello', 'completed');
  // Start at the top of the page, as after opening a link.
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });

  const reached: string[] = [];
  for (let press = 0; press < 40; press++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      if (!element || element === document.body) return undefined;
      const style = getComputedStyle(element);
      const form = element.closest('form');
      const isRinged = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
      const isFormRinged = form !== null && getComputedStyle(form).boxShadow !== 'none';
      const labelled =
        element.getAttribute('aria-label') ?? (element as HTMLTextAreaElement).labels?.[0]?.innerText;
      return { name: labelled ?? element.innerText.trim(), isSeen: isRinged || isFormRinged };
    });
    if (stop === undefined) break;
    expect(stop).toEqual({ name: stop.name, isSeen: true });
    reached.push(stop.name);
  }
  for (const name of [
    'Skip to the message box',
    'New chat',
    'Search chats and messages',
    'Hello',
    'A chat of before',
    'Options for A chat of before',
    'Settings',
    'Options for Hello',
    'Conversation',
    'Copy',
    'Message',
  ]) {
    expect(reached).toContain(name);
  }
});

test('a chat can be used without a mouse: write, stop, rename, delete and undo', async () => {
  const answer = paceAnswer(model, 'No mouse', ['Written ', 'by keys']);
  const { screen, page } = await visit();
  await screen.message.waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('message');
  await page.keyboard.type('No mouse');
  await expect.poll(() => screen.sendButton.isEnabled()).toBe(true);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/c\//);
  answer.next();
  await screen.untilAnswer('Written', 'generating');
  await page.keyboard.press('Escape');
  await screen.untilAnswer('Written', 'stopped');

  await screen.chatLink('No mouse').waitFor();
  await page.getByRole('button', { name: 'Options for No mouse' }).last().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('Rename');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Chat name' }).waitFor();
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
    .toBe('Chat name');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('Keys only');
  await page.keyboard.press('Enter');
  await expect.poll(() => screen.titles()).toEqual(['Keys only']);

  // Focus and press at once: the closing dialog may still move the focus.
  await page.getByRole('button', { name: 'Options for Keys only' }).last().press('Enter');
  await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('Rename');
  await page.keyboard.press('End');
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('Delete');
  await page.keyboard.press('Enter');
  await expect.poll(() => screen.titles()).toEqual([]);
  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.waitFor();
  await undo.focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => screen.titles()).toEqual(['Keys only']);
});

test('the shortcuts open a new chat, the search, the message box and the help', async () => {
  const { screen, page } = await visit();
  await screen.begin('Hello');
  await screen.untilAnswer('You said: Hello', 'completed');
  await page.keyboard.press('ControlOrMeta+k');
  await expect.poll(() => screen.searchBox.evaluate((box) => box === document.activeElement)).toBe(true);
  await page.keyboard.press('Escape');
  await screen.searchBox.waitFor({ state: 'detached' });
  await page.keyboard.press('ControlOrMeta+Shift+o');
  await page.waitForURL((url) => url.pathname === '/');
  await expect.poll(() => screen.message.evaluate((box) => box === document.activeElement)).toBe(true);

  await page.getByRole('button', { name: 'Settings' }).focus();
  await page.keyboard.press('/');
  await expect.poll(() => screen.message.evaluate((box) => box === document.activeElement)).toBe(true);
  expect(await screen.message.inputValue()).toBe('');
  await page.keyboard.type('/?');
  expect(await screen.message.inputValue()).toBe('/?');

  await page.getByRole('button', { name: 'Settings' }).focus();
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('Enter does not send while an input method composes text', async () => {
  const { screen, page, context } = await visit();
  await screen.message.focus();
  const keys = await context.newCDPSession(page);
  const enter = { key: 'Enter', code: 'Enter' };
  await keys.send('Input.imeSetComposition', { text: 'にほんご', selectionStart: 4, selectionEnd: 4 });
  await expect.poll(() => screen.message.inputValue()).toBe('にほんご');
  // A browser reports the key as "in process" while an input method uses it.
  await keys.send('Input.dispatchKeyEvent', { type: 'keyDown', windowsVirtualKeyCode: 229, ...enter });
  await keys.send('Input.dispatchKeyEvent', { type: 'keyDown', windowsVirtualKeyCode: 13, ...enter });
  await keys.send('Input.insertText', { text: '日本語' });
  await keys.send('Input.dispatchKeyEvent', { type: 'keyUp', windowsVirtualKeyCode: 13, ...enter });
  await expect.poll(() => screen.message.inputValue()).toBe('日本語');
  expect(new URL(page.url()).pathname).toBe('/');

  await screen.message.press('Enter');
  await page.waitForURL(/\/c\//);
  await screen.untilAnswer('You said: 日本語', 'completed');
});
