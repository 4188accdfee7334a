import { type FinishOptions, scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';

const { visit, model } = await startBed();

test.each<[string, FinishOptions, string]>([
  ['the length limit', { reason: 'length' }, 'This answer was cut at the length limit.'],
  ['a content filter', { reason: 'content_filter' }, 'A content filter ended this answer.'],
])('says below an answer that %s ended it, also after a reload', async (what, end, note) => {
  model.replyTo(`Ended by ${what}`, scripts.text('The beginning', end));
  const { screen, page } = await visit();
  await screen.begin(`Ended by ${what}`);
  await screen.untilAnswer('The beginning', 'completed');
  await expect.poll(() => screen.answers.last().innerText()).toContain(note);
  await page.reload();
  await screen.untilAnswer('The beginning', 'completed');
  expect(await screen.answers.last().innerText()).toContain(note);
});

test('says nothing below an answer that is complete', async () => {
  const { screen } = await visit();
  await screen.begin('All of it');
  await screen.untilAnswer('You said: All of it', 'completed');
  expect(await screen.answers.last().innerText()).not.toMatch(/cut|filter/);
});
