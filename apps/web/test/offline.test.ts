import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { paceAnswer } from './support/paced-answer.ts';

const { visit, model, team, composition } = await startBed();

/** The browser's own messages without a network. */
const CUT = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_INCOMPLETE_CHUNKED_ENCODING|Failed to fetch/;

test('shows the whole answer after the network was down while it was written', async () => {
  const answer = paceAnswer(model, 'Far away', ['one ', 'two ', 'three ', 'four']);
  const { screen, page, context, watch } = await visit();
  watch.expectProblem(CUT);
  await screen.begin('Far away');
  answer.next();
  await screen.untilAnswer('one', 'generating');
  await context.setOffline(true);
  await page
    .getByText(/You’re offline/)
    .first()
    .waitFor();
  // The browser blocks new connections; close the existing ones here.
  composition.app.server.closeAllConnections();
  answer.next();
  answer.next();
  await screen.send('Meanwhile');
  await screen.conversation.getByText('Meanwhile', { exact: true }).waitFor();
  expect(await screen.answers.first().innerText()).toContain('one');
  expect(await screen.answers.first().innerText()).not.toContain('two');
  await context.setOffline(false);
  await expect.poll(() => screen.answers.first().innerText()).toContain('one two three');
  answer.finish();
  await screen.untilAnswer('You said: Meanwhile', 'completed');
  expect(await screen.transcript()).toMatch(/Far away.*one two three four.*Meanwhile.*You said: Meanwhile/);
  expect(await page.getByText(/You’re offline/).count()).toBe(0);
});

test('keeps a message while offline, shows that, and sends it once', async () => {
  const { screen, page, context, watch } = await visit();
  watch.expectProblem(CUT);
  const chatId = await screen.begin('With a network');
  await screen.untilAnswer('You said: With a network', 'completed');
  await context.setOffline(true);
  await screen.send('Without one');
  await screen.conversation.getByText(/You’re offline/).waitFor();
  await screen.message.fill('a draft');
  await context.setOffline(false);
  await screen.untilAnswer('You said: Without one', 'completed');
  expect(await screen.message.inputValue()).toBe('a draft');
  expect(await page.getByText('Without one', { exact: true }).count()).toBe(1);
  const { text } = await team.rest('GET', `/chat/${chatId}/message`);
  expect(text.split('"Without one"')).toHaveLength(2);
});

test('shows the whole answer after the server was unreachable in the middle', async () => {
  const answer = paceAnswer(model, 'Cut me', ['before ', 'meanwhile ', 'after']);
  const { screen, context, watch } = await visit();
  watch.expectProblem(/ERR_CONNECTION|ERR_FAILED|ERR_INCOMPLETE|ERR_EMPTY/);
  await screen.begin('Cut me');
  answer.next();
  await screen.untilAnswer('before', 'generating');
  let apiErrors = 0;
  await context.route('**/trpc/**', (route) => {
    apiErrors++;
    return route.abort('connectionrefused');
  });
  // Close all streams, like a restarting proxy; new ones find no server.
  composition.app.server.closeAllConnections();
  answer.next();
  await expect.poll(() => apiErrors).toBeGreaterThan(0);
  await context.unroute('**/trpc/**');
  answer.finish();
  await screen.untilAnswer('before meanwhile after', 'completed');
});
