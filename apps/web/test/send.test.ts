import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { paceAnswer } from './support/paced-answer.ts';

const { visit, model, team } = await startBed();

test('sending one line opens a chat at its own address, and the answer appears', async () => {
  const { screen } = await visit();
  const chatId = await screen.begin('Hello there');
  await screen.untilAnswer('You said: Hello there', 'completed');
  expect(await screen.message.inputValue()).toBe('');
  expect(await screen.transcript()).toContain('Hello there');
  const { body } = await team.rest<{ messages: { content: string }[] }>('GET', `/chat/${chatId}/message`);
  expect(body.messages.map(({ content }) => content)).toEqual(['Hello there', 'You said: Hello there']);
});

test('shows an answer word by word while it is written', async () => {
  const answer = paceAnswer(model, 'Count', ['One ', 'two ', 'three ', 'and **four**', '.']);
  const { screen } = await visit();
  await screen.begin('Count');
  await screen.stopButton.waitFor();
  for (const seen of ['One', 'One two', 'One two three', 'One two three and four']) {
    answer.next();
    await screen.untilAnswer(seen, 'generating');
  }
  answer.finish();
  await screen.untilAnswer('One two three and four.', 'completed');
  await screen.stopButton.waitFor({ state: 'detached' });
});

test('shows a message at once, and only once after it is accepted', async () => {
  const { screen, page } = await visit();
  await screen.begin('First');
  await screen.untilAnswer('You said: First', 'completed');
  const held = Promise.withResolvers<void>();
  await page.route('**/trpc/message.create*', async (route) => {
    await held.promise;
    await route.continue();
  });
  await screen.send('Shown at once');
  const mine = screen.conversation.getByText('Shown at once', { exact: true });
  await mine.waitFor();
  held.resolve();
  await screen.untilAnswer('You said: Shown at once', 'completed');
  expect(await mine.count()).toBe(1);
});

test('answers messages that are sent during an answer in order', async () => {
  const answer = paceAnswer(model, 'slowly', ['in no', ' hurry']);
  const { screen } = await visit();
  await screen.begin('slowly');
  answer.next();
  await screen.untilAnswer('in no', 'generating');
  await screen.send('And then?');
  await screen.conversation.getByText('And then?', { exact: true }).waitFor();
  await expect.poll(() => screen.answers.count()).toBe(2);
  answer.finish();
  await screen.untilAnswer('You said: And then?', 'completed');
  expect(await screen.transcript()).toMatch(/slowly.*in no hurry.*And then\?.*You said: And then\?/);
});

test('Shift+Enter adds a line break, and the button sends', async () => {
  const { screen } = await visit();
  await screen.message.pressSequentially('first line');
  await screen.message.press('Shift+Enter');
  await screen.message.pressSequentially('second line');
  expect(await screen.message.inputValue()).toBe('first line\nsecond line');
  expect(new URL(screen.page.url()).pathname).toBe('/');
  await screen.sendButton.click();
  await screen.page.waitForURL(/\/c\/chat_/);
  await screen.untilAnswer('You said: first line second line', 'completed');
  expect(await screen.conversation.getByText('first line').first().innerText()).toBe(
    'first line\nsecond line',
  );
});

test('sends a line that was entered before the agents were loaded', async () => {
  const { screen, page } = await visit({ path: 'about:blank' });
  const held = Promise.withResolvers<void>();
  await page.route(/\/trpc\/.*agent\.list/, async (route) => {
    await held.promise;
    await route.continue();
  });
  await page.goto('/');
  await screen.send('I type fast');
  held.resolve();
  await page.waitForURL(/\/c\/chat_/);
  await screen.untilAnswer('You said: I type fast', 'completed');
});

test('a blank message is not sent', async () => {
  const { screen } = await visit();
  for (const nothing of ['', '   ', '\n\n']) {
    await screen.message.fill(nothing);
    expect(await screen.sendButton.isDisabled()).toBe(true);
    await screen.message.press('Enter');
  }
  expect(new URL(screen.page.url()).pathname).toBe('/');
  expect(await screen.titles()).toEqual([]);
});

test('opens a chat by its address with all messages and its title', async () => {
  const first = await visit();
  const chatId = await first.screen.begin('The capital of France');
  await first.screen.untilAnswer('You said: The capital of France', 'completed');
  const screen = await first.openTab(`/c/${chatId}`);
  await screen.untilAnswer('You said: The capital of France', 'completed');
  await expect.poll(() => screen.page.title()).toContain('The capital of France');
  expect(await screen.chatLink('The capital of France').getAttribute('aria-current')).toBe('page');
});

test('keeps chats separate, and the back button opens the previous one', async () => {
  const { screen, page } = await visit();
  const first = await screen.begin('Apples');
  await screen.untilAnswer('You said: Apples', 'completed');
  await screen.newChatButton.click();
  await page.waitForURL((url) => url.pathname === '/');
  const second = await screen.begin('Pears');
  await screen.untilAnswer('You said: Pears', 'completed');
  expect(second).not.toBe(first);
  expect(await screen.transcript()).not.toContain('Apples');
  await expect.poll(() => screen.titles()).toEqual(['Pears', 'Apples']);
  await screen.chatLink('Apples').click();
  await screen.untilAnswer('You said: Apples', 'completed');
  await page.goBack();
  await screen.untilAnswer('You said: Pears', 'completed');
});

test('offers a choice if there is more than one agent', async () => {
  const { id } = await team.makeAgent({ name: 'Grace', type: 'support', description: 'Knows the orders.' });
  const { screen, page } = await visit();
  await page.getByRole('button', { name: /^Agent: Assistant/ }).click();
  await page.getByRole('menuitemradio', { name: /Grace/ }).click();
  const chatId = await screen.begin('Where is my parcel?');
  await screen.untilAnswer('You said: Where is my parcel?', 'completed');
  const { body } = await team.rest<{ agentId: string }>('GET', `/chat/${chatId}`);
  expect(body.agentId).toBe(id);
});
