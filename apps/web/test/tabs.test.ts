import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { paceAnswer } from './support/paced-answer.ts';

const { visit, model } = await startBed();

test('a second tab shows the same growing answer and the same result', async () => {
  const answer = paceAnswer(model, 'For both', ['left ', 'and ', 'right']);
  const first = await visit();
  const chatId = await first.screen.begin('For both');
  answer.next();
  await first.screen.untilAnswer('left', 'generating');
  const second = await first.openTab(`/c/${chatId}`);
  await second.untilAnswer('left', 'generating');
  answer.next();
  await Promise.all([first.screen, second].map((screen) => screen.untilAnswer('left and', 'generating')));
  answer.finish();
  await Promise.all(
    [first.screen, second].map((screen) => screen.untilAnswer('left and right', 'completed')),
  );
});

test('a message sent in one tab appears once in the other, and can be stopped there', async () => {
  const first = await visit();
  const chatId = await first.screen.begin('Hello');
  await first.screen.untilAnswer('You said: Hello', 'completed');
  const second = await first.openTab(`/c/${chatId}`);
  await second.untilAnswer('You said: Hello', 'completed');

  const answer = paceAnswer(model, 'From the first', ['so ', 'far']);
  await first.screen.send('From the first');
  answer.next();
  await second.untilAnswer('so', 'generating');
  await second.stopButton.click();
  for (const screen of [first.screen, second]) {
    await screen.untilAnswer('so', 'stopped');
    expect(await screen.conversation.getByText('From the first', { exact: true }).count()).toBe(1);
  }

  await second.send('From the second');
  await first.screen.untilAnswer('You said: From the second', 'completed');
  await second.untilAnswer('You said: From the second', 'completed');
  expect(await first.screen.transcript()).toBe(await second.transcript());
});

test('two browsers are two users who do not see each other’s chats', async () => {
  const [first, second] = [await visit(), await visit()];
  await first.screen.begin('Mine alone');
  await first.screen.untilAnswer('You said: Mine alone', 'completed');
  await second.page.reload();
  await second.screen.message.waitFor();
  await second.page.getByText('Your chats will appear here.').waitFor();
  expect(await second.screen.titles()).toEqual([]);
});
