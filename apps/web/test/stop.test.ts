import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { paceAnswer } from './support/paced-answer.ts';

const { visit, model, team } = await startBed();

test.each(['the button', 'Escape'])('%s stops an answer and keeps its text', async (way) => {
  const message = `Tell me all, until ${way}`;
  const answer = paceAnswer(model, message, ['The beginning', ' and the rest']);
  const { screen, page } = await visit();
  const chatId = await screen.begin(message);
  answer.next();
  await screen.untilAnswer('The beginning', 'generating');
  if (way === 'Escape') await screen.message.press('Escape');
  else await screen.stopButton.click();
  await screen.untilAnswer('The beginning', 'stopped');
  await screen.stopButton.waitFor({ state: 'detached' });
  answer.finish();

  const { body } = await team.rest<{ messages: { content: string; status: string }[] }>(
    'GET',
    `/chat/${chatId}/message`,
  );
  expect(body.messages.at(-1)).toMatchObject({ content: 'The beginning', status: 'stopped' });
  await page.reload();
  await screen.untilAnswer('The beginning', 'stopped');

  await screen.send('Go on');
  await screen.untilAnswer('You said: Go on', 'completed');
});

test('shows no answer if it was stopped before its first word', async () => {
  paceAnswer(model, 'Never mind', ['too late']);
  const { screen } = await visit();
  await screen.begin('Never mind');
  await model.callTo('Never mind');
  await screen.stopButton.click();
  await screen.stopButton.waitFor({ state: 'detached' });
  await screen.send('Something else');
  // The history contains both messages, because the first has no answer.
  await screen.untilAnswer('You said: Never mind Something else', 'completed');
  expect(await screen.transcript()).toContain('Never mind');
  expect(await screen.transcript()).not.toContain('too late');
});
