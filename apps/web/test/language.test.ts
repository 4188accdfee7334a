import { scripts } from '@parley/agent/testing';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { ChatScreen } from './support/chat-screen.ts';
import { visitorOf } from './support/seed.ts';

/*
 * The languages of the page.
 */

const bed = await startBed();
const { visit, model } = bed;

const languageOf = (page: Page) =>
  page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);
const loadsGerman = (requests: readonly string[]) => requests.some((url) => /\/assets\/de-/.test(url));

async function chooseLanguage(page: Page, settings: string, name: string): Promise<void> {
  await page.getByRole('button', { name: settings }).click();
  await page.getByRole('menuitemradio', { name }).click();
}

test('a German browser gets the page in German', async () => {
  const one = await visit({ locale: 'de-AT' });
  const { page } = one;
  await page.getByRole('heading', { name: 'Worüber möchten Sie sprechen?' }).waitFor();
  expect(await languageOf(page)).toEqual(['de', 'ltr']);
  const message = page.getByRole('textbox', { name: 'Nachricht' });
  model.replyTo('Hallo', scripts.status(401));
  await message.fill('Hallo');
  await page.getByRole('button', { name: 'Senden', disabled: false }).click();
  await page.getByText('Das Modell kann gerade nicht verwendet werden', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Erneut versuchen' }).waitFor();
  await page.getByRole('heading', { name: 'Heute' }).waitFor();
  await page.getByRole('button', { name: 'Optionen für Hallo' }).first().click();
  await page.getByRole('menuitem', { name: 'Löschen' }).click();
  await page.getByRole('button', { name: 'Rückgängig' }).waitFor();
});

test.each(['en-GB', 'fr-FR'])(
  'a browser with the language %s gets the page in English, without other texts',
  async (locale) => {
    const { page, screen, watch } = await visit({ locale });
    await screen.message.waitFor();
    expect(await languageOf(page)).toEqual(['en', 'ltr']);
    expect(loadsGerman(watch.requests)).toBe(false);
  },
);

test('another language is shown at once in all tabs, and after a reload', async () => {
  const one = await visit();
  const { page, screen, watch } = one;
  await screen.message.waitFor();
  await bed.team.makeChat({ userId: await visitorOf(one.context, bed.url) });
  await page.reload();
  await screen.message.fill('Not sent yet');
  const other = await one.openTab('/');
  await other.message.waitFor();

  await chooseLanguage(page, 'Settings', 'Deutsch');
  await page.getByRole('heading', { name: 'Worüber möchten Sie sprechen?' }).waitFor();
  expect(await page.getByRole('textbox', { name: 'Nachricht' }).inputValue()).toBe('Not sent yet');
  expect(await languageOf(page)).toEqual(['de', 'ltr']);
  expect(loadsGerman(watch.requests)).toBe(true);
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Einstellungen');
  await page.getByRole('list', { name: 'Chats' }).getByRole('link', { name: 'Neuer Chat' }).waitFor();
  await other.page.getByRole('heading', { name: 'Worüber möchten Sie sprechen?' }).waitFor();

  await page.reload();
  await page.getByRole('heading', { name: 'Worüber möchten Sie sprechen?' }).waitFor();
  await chooseLanguage(page, 'Einstellungen', 'Sprache des Browsers');
  await page.getByRole('heading', { name: 'What would you like to talk about?' }).waitFor();
  expect(await languageOf(page)).toEqual(['en', 'ltr']);
});

test('numbers, times and the labels within answers are in the language of the page', async () => {
  const answer =
    '| a | b |\n| - | - |\n| 1 | 2 |\n\n```js\nlet a;\n```\n\n$$x^2$$\n\nA note[^1].\n\n[^1]: The note.';
  model.replyTo('Alles', scripts.text(answer));
  const { page } = await visit({ locale: 'de-DE' });
  await page.getByRole('textbox', { name: 'Nachricht' }).fill('x'.repeat(33_234));
  await page.getByText('1.234 Zeichen zu lang. Nachrichten können bis zu 32.000 Zeichen haben.').waitFor();
  await page.getByRole('textbox', { name: 'Nachricht' }).fill('Alles');
  await page.getByRole('button', { name: 'Senden', disabled: false }).click();
  const log = page.getByRole('log', { name: 'Gespräch' });
  await log.getByRole('group', { name: 'Tabelle' }).waitFor();
  await log.getByRole('figure', { name: 'Code in js' }).waitFor();
  await log.getByRole('group', { name: 'Formel' }).waitFor();
  await log.getByRole('link', { name: 'Zurück zur Fundstelle 1' }).waitFor();
  await expect.poll(() => log.locator('time').last().innerText()).toMatch(/^\d\d:\d\d$/);

  await chooseLanguage(page, 'Einstellungen', 'English');
  const screen = new ChatScreen(page);
  await screen.conversation.getByRole('group', { name: 'Table' }).waitFor();
  await screen.conversation.getByRole('group', { name: 'Formula' }).waitFor();
  await screen.conversation.getByRole('link', { name: 'Back to reference 1' }).waitFor();
});
