import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';

const { visit, model } = await startBed();

test('says how many messages come first, and how long the model makes the answer wait', async () => {
  const gate = model.hold();
  const { screen, page } = await visit();
  await screen.begin('First');
  await model.callTo('First');
  await screen.send('Second');
  await screen.send('Third');
  await expect.poll(() => screen.answers.last().innerText()).toContain('2 messages before this one');
  gate.release();
  await screen.untilAnswer('You said: Third', 'completed');

  model.reply(scripts.status(429, { headers: { 'retry-after': '18' } }));
  await screen.send('Busy');
  const waitNote = /The model is busy, next try in 1\d s/;
  await expect.poll(() => screen.answers.last().innerText()).toMatch(waitNote);
  await page.reload();
  await expect.poll(() => screen.answers.last().innerText()).toMatch(waitNote);
  await screen.untilAnswer('You said: Busy', 'completed');
  expect(await screen.answers.last().innerText()).not.toMatch(/busy/);
});
