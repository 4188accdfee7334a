import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { streamText } from './support/demo.ts';
import { paceAnswer } from './support/paced-answer.ts';

const { visit, model } = await startBed();
const directionOf = (at: Locator) => at.evaluate((element) => getComputedStyle(element).direction);
const ARABIC = readFileSync(join(import.meta.dirname, 'support/markdown/rtl.md'), 'utf8');

test('answers, messages, titles and the message box have the direction of their own text', async () => {
  const { screen, page } = await visit();
  const question = 'ما هو المتغير userName؟';
  model.replyTo(question, streamText(`${ARABIC}\n\n> اقتباس\n\nAnd English.`));
  await screen.message.fill('كيف');
  expect(await directionOf(screen.message)).toBe('rtl');
  await screen.begin(question);
  await screen.answers.last().and(page.locator('[data-status="completed"]')).waitFor();
  const answer = screen.answers.last();
  for (const selector of ['p', 'ol', 'li', 'blockquote'])
    expect(await directionOf(answer.locator(selector).first())).toBe('rtl');
  expect(await directionOf(answer.locator('pre'))).toBe('ltr');
  expect(await directionOf(answer.locator('p > code').first())).toBe('ltr');
  expect(await directionOf(answer.getByText('And English.'))).toBe('ltr');
  expect(await directionOf(screen.conversation.locator('[data-kind="user"] p'))).toBe('rtl');
  const title = page.getByRole('heading', { level: 1, name: question });
  await title.waitFor();
  expect(await directionOf(title)).toBe('rtl');
  expect(await directionOf(screen.chats.getByText(question))).toBe('rtl');
  await screen.message.fill('Then in English');
  expect(await directionOf(screen.message)).toBe('ltr');
});

test('a page that the browser translates shows a growing answer whole, and once', async () => {
  const pieces = ['Hello', ' **brave**', ' new', ' world', '.\n\n- *one* a', '\n- two', '\n\nThe end'];
  const answer = paceAnswer(model, 'Translate', pieces);
  const { screen, page } = await visit();
  await screen.begin('Translate');
  await screen.stopButton.waitFor();
  // The browsers' translators replace text nodes by elements.
  await screen.conversation.evaluate((log) => {
    const translate = () => {
      const texts = document.createTreeWalker(log, NodeFilter.SHOW_TEXT);
      const found: Text[] = [];
      while (texts.nextNode()) found.push(texts.currentNode as Text);
      for (const text of found) {
        if (text.parentElement?.closest('font, style') || text.data.trim() === '') continue;
        const outer = document.createElement('font');
        const inner = document.createElement('font');
        inner.textContent = text.data;
        outer.append(inner);
        text.replaceWith(outer);
      }
    };
    new MutationObserver(translate).observe(log, { childList: true, characterData: true, subtree: true });
    translate();
  });
  for (const seen of ['Hello', 'Hello brave', 'Hello brave new', 'Hello brave new world']) {
    answer.next();
    await screen.untilAnswer(seen, 'generating');
  }
  answer.finish();
  await screen.untilAnswer('Hello brave new world. one a two The end', 'completed');
  expect(await screen.answers.last().locator('.markdown font').count()).toBeGreaterThan(0);
  // The page still works.
  await screen.send('And then?');
  await screen.untilAnswer('You said: And then?', 'completed');
  await page.getByRole('button', { name: 'Something went wrong' }).waitFor({ state: 'detached' });
});

test('a wide table scrolls, with columns of a readable width, and shows that there is more', async () => {
  const columns = Array.from({ length: 12 }, (_, index) => `Column ${index}`);
  const row = columns.map((_, index) => `value number ${index} of this row`);
  const lines = [columns, columns.map(() => '---'), row].map((cells) => `| ${cells.join(' | ')} |`);
  model.replyTo('Table', streamText(lines.join('\n')));
  const { screen } = await visit({ isPhone: true });
  await screen.begin('Table');
  const table = screen.answers.last().getByRole('group', { name: 'Table' });
  await table.waitFor();
  await expect.poll(() => table.evaluate((element) => element.scrollWidth > element.clientWidth)).toBe(true);
  const widths = await table
    .locator('td')
    .evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect().width));
  expect(Math.min(...widths)).toBeGreaterThan(100);
  expect(await table.evaluate((element) => getComputedStyle(element).backgroundImage)).toContain('gradient');
  expect(await screen.conversation.evaluate((log) => log.scrollWidth - log.clientWidth)).toBe(0);
});
