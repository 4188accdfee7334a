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

test('the rest of an answer that the length limit cut is requested by one button', async () => {
  model.replyTo('A long story', scripts.text('The beginning', { reason: 'length' }));
  model.replyTo('Continue', scripts.text('and the end'));
  const { screen, page } = await visit();
  await screen.begin('A long story');
  await screen.untilAnswer('The beginning', 'completed');
  await page.getByRole('button', { name: 'Continue' }).click();
  await screen.untilAnswer('and the end', 'completed');
  expect(await page.getByRole('button', { name: 'Continue' }).count()).toBe(0);
  expect(await screen.transcript()).toContain('This answer was cut at the length limit.');
});

test('an answer that a content filter ended cannot be continued', async () => {
  model.replyTo('Filtered', scripts.text('The beginning', { reason: 'content_filter' }));
  const { screen, page } = await visit();
  await screen.begin('Filtered');
  await screen.untilAnswer('The beginning', 'completed');
  expect(await page.getByRole('button', { name: 'Continue' }).count()).toBe(0);
});

test('says nothing below an answer that is complete', async () => {
  const { screen } = await visit();
  await screen.begin('All of it');
  await screen.untilAnswer('You said: All of it', 'completed');
  expect(await screen.answers.last().innerText()).not.toMatch(/cut|filter/);
});
