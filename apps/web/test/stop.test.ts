import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import type { ChatScreen } from './support/chat-screen.ts';
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

test.each([
  ['the search button', (screen: ChatScreen) => screen.searchButton.focus()],
  [
    'a button with a tooltip',
    (screen: ChatScreen) => screen.page.getByRole('button', { name: 'Hide chats' }).focus(),
  ],
  ['the button for it', (screen: ChatScreen) => screen.stopButton.focus()],
  ['no control', (screen: ChatScreen) => screen.message.evaluate((box) => box.blur())],
])('Escape stops an answer while the focus is on %s', async (place, focus) => {
  const message = `Tell me all, with the focus on ${place}`;
  const answer = paceAnswer(model, message, ['The beginning', ' and the rest']);
  const { screen } = await visit();
  await screen.begin(message);
  answer.next();
  await screen.untilAnswer('The beginning', 'generating');
  await focus(screen);
  await screen.page.keyboard.press('Escape');
  await screen.untilAnswer('The beginning', 'stopped');
  answer.finish();
});

test('Escape closes a menu, a dialog and the search before it stops an answer', async () => {
  const answer = paceAnswer(model, 'Layers first', ['The beginning', ' and the rest']);
  const { screen, page } = await visit();
  await screen.begin('Layers first');
  answer.next();
  await screen.untilAnswer('The beginning', 'generating');
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('ControlOrMeta+k');
  await screen.searchBox.fill('words');
  await screen.searchBox.press('Escape');
  await screen.searchBox.waitFor({ state: 'detached' });
  expect(await screen.answers.last().getAttribute('data-status')).toBe('generating');
  await page.keyboard.press('Escape');
  await screen.untilAnswer('The beginning', 'stopped');
  answer.finish();
});

test('the rest of a stopped answer is requested by one button, while it is the newest', async () => {
  const answer = paceAnswer(model, 'A very long story', ['The beginning', ' and the rest']);
  const { screen, page } = await visit();
  await screen.begin('A very long story');
  answer.next();
  await screen.untilAnswer('The beginning', 'generating');
  await screen.stopButton.click();
  await screen.conversation.getByText('This answer was stopped.').waitFor();
  answer.finish();
  await page.getByRole('button', { name: 'Continue' }).click();
  await screen.untilAnswer('You said: Continue', 'completed');
  const history = (await model.callTo('Continue')).body.messages.map(({ content }) => content);
  expect(history.slice(-3)).toEqual(['A very long story', 'The beginning', 'Continue']);
  await screen.conversation.getByText('This answer was stopped.').waitFor();
  expect(await page.getByRole('button', { name: 'Continue' }).count()).toBe(0);
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
