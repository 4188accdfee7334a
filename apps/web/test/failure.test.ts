import { scripts } from '@parley/agent/testing';
import { ApiError } from '@parley/contract';
import { longTest } from '@parley/embedded/testing/form';
import { afterEach, expect, test } from 'vitest';
import { startBed } from './support/bed.ts';

/** The model may become ready after the server. */
let isLoading = false;
let baseUrl = '';
const { visit, model } = await startBed({
  endpoint() {
    if (isLoading) throw new ApiError('model_loading', { detail: 'The download is at 40 %.' });
    return { baseUrl, apiKey: 'sk-model-key', model: 'm1' };
  },
});
baseUrl = model.baseUrl;
afterEach(() => {
  isLoading = false;
});

test('shows why an answer failed, keeps the message, and replaces the answer on a retry', async () => {
  model.reply(scripts.status(401));
  const { screen, page } = await visit();
  await screen.begin('Fails once');
  await screen.conversation.getByText('The model can’t be used right now').waitFor();
  expect(await screen.answers.last().getAttribute('data-status')).toBe('failed');
  await page.reload();
  await screen.conversation.getByText('The model can’t be used right now').waitFor();

  await screen.retryButton.click();
  await screen.untilAnswer('You said: Fails once', 'completed');
  expect(await screen.answers.count()).toBe(1);
  expect(await screen.conversation.getByText('The model can’t be used right now').count()).toBe(0);
  expect(await screen.conversation.getByText('Fails once', { exact: true }).count()).toBe(1);
});

test('the text of a failed answer stays, and the next message follows it', async () => {
  const rejectedHalfWay = scripts.errorAfter(['Half an ans'], 'content_filter');
  model.replyTo('Breaks', rejectedHalfWay);
  const { screen } = await visit();
  await screen.begin('Breaks');
  await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('failed');
  await screen.retryButton.waitFor();
  await screen.send('Go on');
  // In the history the text is the answer to the first message.
  await screen.untilAnswer('You said: Go on', 'completed');
  await screen.conversation.getByText('Half an ans').waitFor();
  expect(await screen.retryButton.count()).toBe(0);
});

longTest('shows the progress of a loading model, and sends the message when it is ready', async () => {
  isLoading = true;
  const { screen, page, watch } = await visit();
  watch.expectProblem(/status of 503/);
  await screen.begin('Good morning');
  await screen.conversation.getByText('The model is getting ready').waitFor();
  await screen.conversation.getByText(/The download is at 40 %/).waitFor();
  isLoading = false;
  await page.getByRole('button', { name: 'Try now' }).click();
  await screen.untilAnswer('You said: Good morning', 'completed');
  expect(await screen.conversation.getByText('The model is getting ready').count()).toBe(0);
});

longTest('warns about a message that is too long before it is sent, and keeps its text', async () => {
  const { screen, page } = await visit();
  const longest = '🙂'.repeat(32_000);
  await screen.message.fill(`${longest}!`);
  await page.getByText(/^1 characters? too long/).waitFor();
  expect(await screen.sendButton.isDisabled()).toBe(true);
  await screen.message.press('Enter');
  expect(new URL(page.url()).pathname).toBe('/');
  expect(await screen.message.inputValue()).toBe(`${longest}!`);
  await screen.message.fill(longest);
  expect(await screen.sendButton.isEnabled()).toBe(true);
});

longTest('explains a key that is no longer valid', async () => {
  const { screen, page, watch } = await visit();
  watch.expectProblem(/status of 401/);
  await page.route('**/web/session', async (route) => {
    const response = await route.fetch();
    const body = (await response.json()) as object;
    await route.fulfill({ response, json: { ...body, publishableKey: `pk_live_${'0'.repeat(38)}` } });
  });
  await page.reload();
  await page.getByText('Your session has ended').first().waitFor();
  expect(await screen.sendButton.isDisabled()).toBe(true);
});

longTest('explains that the page cannot be opened from here, and who can change that', async () => {
  const { page, watch } = await visit();
  watch.expectProblem(/status of 403/);
  await page.route('**/web/session', (route) =>
    route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': '203.0.113.7' } }),
  );
  await page.reload();
  await page.getByText(/WEB_APP=on/).waitFor();
  await page.unroute('**/web/session');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
});

test('shows a page for a missing chat with a way to start a new one', async () => {
  const { screen, page, watch } = await visit();
  watch.expectProblem(/status of 404/);
  for (const chatId of [`chat_${'0'.repeat(28)}`, 'nonsense', '%3Cscript%3E']) {
    await page.goto(`/c/${chatId}`);
    await page.getByRole('heading', { name: 'This chat doesn’t exist' }).waitFor();
  }
  await page.getByRole('button', { name: 'New chat' }).last().click();
  await screen.begin('On with it');
  await screen.untilAnswer('You said: On with it', 'completed');
});

longTest.each(['/nothing', '/c', '/c/a/b'])(
  'the wrong address %s shows a page with a way to start a new chat',
  async (path) => {
    const { screen, page, watch } = await visit();
    watch.expectProblem(/status of 404/);
    const response = await page.goto(path);
    expect([response?.status(), response?.headers()['content-type']]).toEqual([
      404,
      'text/html; charset=utf-8',
    ]);
    await page.getByRole('heading', { name: 'This page doesn’t exist' }).waitFor();
    expect(await page.title()).toBe('Page not found · Parley');
    await page.getByRole('main').getByRole('button', { name: 'New chat' }).last().click();
    await screen.begin(`On from ${path}`);
    await screen.untilAnswer(`You said: On from ${path}`, 'completed');
  },
);

test('sends a message again after the error page of a proxy', async () => {
  const { screen, page, watch } = await visit();
  watch.expectProblem(/status of 50[03]/);
  await screen.begin('First');
  await screen.untilAnswer('You said: First', 'completed');
  let isRefused = false;
  await page.route('**/trpc/message.create*', async (route) => {
    if (isRefused) return route.continue();
    isRefused = true;
    await route.fulfill({
      status: 503,
      contentType: 'text/html',
      body: '<h1>503 Service Unavailable</h1>',
    });
  });
  await screen.send('Second');
  await screen.untilAnswer('You said: Second', 'completed');
  expect(await screen.conversation.getByText('Second', { exact: true }).count()).toBe(1);
});
