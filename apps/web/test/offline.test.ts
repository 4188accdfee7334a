import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { paceAnswer } from './support/paced-answer.ts';

const { visit, model, team, composition } = await startBed();

/** What the browser itself writes when it finds no network. */
const CUT = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_INCOMPLETE_CHUNKED_ENCODING|Failed to fetch/;

test('an answer that is written while the network is away is whole when it is back', async () => {
  const answer = paceAnswer(model, 'Far away', ['one ', 'two ', 'three ', 'four']);
  const { screen, page, context, watch } = await visit();
  watch.expectProblem(CUT);
  await screen.begin('Far away');
  answer.next();
  await screen.untilAnswer('one', 'generating');
  await context.setOffline(true);
  await page
    .getByText(/You are offline/)
    .first()
    .waitFor();
  // The browser cuts what begins from now on; what was open is cut here.
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
  expect(await page.getByText(/You are offline/).count()).toBe(0);
});

test('what is sent without a network waits, says so, and goes out once by itself', async () => {
  const { screen, page, context, watch } = await visit();
  watch.expectProblem(CUT);
  const chatId = await screen.begin('With a network');
  await screen.untilAnswer('You said: With a network', 'completed');
  await context.setOffline(true);
  await screen.send('Without one');
  await screen.conversation.getByText(/You are offline/).waitFor();
  await screen.message.fill('a draft');
  await context.setOffline(false);
  await screen.untilAnswer('You said: Without one', 'completed');
  expect(await screen.message.inputValue()).toBe('a draft');
  expect(await page.getByText('Without one', { exact: true }).count()).toBe(1);
  const { text } = await team.rest('GET', `/chat/${chatId}/message`);
  expect(text.split('"Without one"')).toHaveLength(2);
});

test('a server that goes away in the middle of a stream and comes back costs no text', async () => {
  const answer = paceAnswer(model, 'Cut me', ['before ', 'meanwhile ', 'after']);
  const { screen, context, watch } = await visit();
  watch.expectProblem(/ERR_CONNECTION|ERR_FAILED|ERR_INCOMPLETE|ERR_EMPTY/);
  await screen.begin('Cut me');
  answer.next();
  await screen.untilAnswer('before', 'generating');
  let refusals = 0;
  await context.route('**/trpc/**', (route) => {
    refusals++;
    return route.abort('connectionrefused');
  });
  // Every stream there is ends, as it does when a proxy restarts; the next ones meet nobody.
  composition.app.server.closeAllConnections();
  answer.next();
  await expect.poll(() => refusals).toBeGreaterThan(0);
  await context.unroute('**/trpc/**');
  answer.finish();
  await screen.untilAnswer('before meanwhile after', 'completed');
});
