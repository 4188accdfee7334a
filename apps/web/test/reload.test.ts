import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { paceAnswer } from './support/paced-answer.ts';

const { visit, model, team } = await startBed();

const sentTo = async (chatId: string) => {
  const { body } = await team.rest<{ messages: { content: string; role: string }[] }>(
    'GET',
    `/chat/${chatId}/message`,
  );
  return body.messages.filter(({ role }) => role === 'user').map(({ content }) => content);
};

test('an answer continues exactly where it was after a reload', async () => {
  const answer = paceAnswer(model, 'Recite', ['a ', 'b ', 'c ', 'd ', 'e']);
  const { screen, page } = await visit();
  await screen.begin('Recite');
  answer.next();
  answer.next();
  await screen.untilAnswer('a b', 'generating');
  await page.reload();
  await screen.untilAnswer('a b', 'generating');
  await screen.stopButton.waitFor();
  answer.next();
  await screen.untilAnswer('a b c', 'generating');
  await page.reload();
  answer.finish();
  await screen.untilAnswer('a b c d e', 'completed');
  expect(await screen.answers.count()).toBe(1);
});

test('an answer that was written while the page was closed is shown on return', async () => {
  const answer = paceAnswer(model, 'Meanwhile', ['it ', 'went on']);
  const { screen, page } = await visit();
  const chatId = await screen.begin('Meanwhile');
  answer.next();
  await screen.untilAnswer('it', 'generating');
  await page.goto('about:blank');
  answer.finish();
  await expect
    .poll(async () => (await team.rest('GET', `/chat/${chatId}/message`)).text)
    .toContain('completed');
  await page.goto(`/c/${chatId}`);
  await screen.untilAnswer('it went on', 'completed');
});

test('a message whose acceptance was lost is not sent twice after a reload', async () => {
  const { screen, page } = await visit();
  const chatId = await screen.begin('First');
  await screen.untilAnswer('You said: First', 'completed');
  const reached = Promise.withResolvers<void>();
  await page.route('**/trpc/message.create*', async (route) => {
    // The server accepts the message, but the page does not learn that.
    await route.fetch();
    reached.resolve();
  });
  await screen.send('Only once');
  await reached.promise;
  await page.unroute('**/trpc/message.create*');
  await page.reload();
  await screen.untilAnswer('You said: Only once', 'completed');
  expect(await screen.conversation.getByText('Only once', { exact: true }).count()).toBe(1);
  await expect.poll(() => sentTo(chatId)).toEqual(['First', 'Only once']);
});

test('a message that did not reach the server is sent after a reload', async () => {
  const { screen, page, watch } = await visit();
  watch.expectProblem(/message\.create/);
  const chatId = await screen.begin('First');
  await screen.untilAnswer('You said: First', 'completed');
  const tried = Promise.withResolvers<void>();
  await page.route('**/trpc/message.create*', async (route) => {
    await route.abort('connectionreset');
    tried.resolve();
  });
  await screen.send('Kept');
  await tried.promise;
  await page.unroute('**/trpc/message.create*');
  await page.reload();
  await screen.untilAnswer('You said: Kept', 'completed');
  expect(await sentTo(chatId)).toEqual(['First', 'Kept']);
});
