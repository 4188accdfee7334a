import { createGate } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openPage } from './open-page.ts';
import { ParleyTransport } from './parley-transport.ts';

const { makeTeam, model, url } = await startHarness();
const team = await makeTeam();
const transport = new ParleyTransport({ url, apiKey: team.publishableKey });

test('an answer appears piece by piece and ends as the stored text', async () => {
  const { id } = await team.makeChat();
  const page = await openPage({ id, transport });
  const gate = createGate();
  model.replyTo('tell me', async (call) => {
    call.text('Once ');
    await gate.released;
    call.text('upon a time 🌍.');
    call.finish();
  });
  const sending = page.act(({ sendMessage }) => sendMessage({ text: 'tell me' }));
  await page.until(({ chat }) => chat.status === 'streaming');
  expect(page.lines).toEqual(['user: tell me', 'assistant: Once ']);
  gate.release();
  await sending;
  expect(page.chat.status).toBe('ready');
  expect(page.lines).toEqual(['user: tell me', 'assistant: Once upon a time 🌍.']);
  const { messages } = await team.trpc.message.list.query({ chatId: id });
  expect(messages.map(({ role, content }) => `${role}: ${content}`)).toEqual(page.lines);
  expect(page.chat.messages.at(-1)).toMatchObject({
    id: messages[1]?.id,
    metadata: { chatId: id, userMessageId: messages[0]?.id, status: 'completed' },
  });
});

test('two messages are answered in order, the second with the first in its context', async () => {
  const { id } = await team.makeChat();
  const page = await openPage({ id, transport });
  await page.act(({ sendMessage }) => sendMessage({ text: 'one' }));
  await page.act(({ sendMessage }) => sendMessage({ text: 'two' }));
  expect(page.lines).toEqual([
    'user: one',
    'assistant: You said: one',
    'user: two',
    'assistant: You said: two',
  ]);
  const { body } = await model.callTo('two');
  expect(body.messages.map(({ content }) => content).slice(-3)).toEqual(['one', 'You said: one', 'two']);
  const { messages } = await team.trpc.message.list.query({ chatId: id });
  expect(messages.map(({ role, content }) => `${role}: ${content}`)).toEqual(page.lines);
});

test('one transport serves every chat of a page with its own answers', async () => {
  const chats = await Promise.all([team.makeChat(), team.makeChat()]);
  const pages = await Promise.all(chats.map(({ id }) => openPage({ id, transport })));
  await Promise.all(
    pages.map((page, index) => page.act(({ sendMessage }) => sendMessage({ text: `to ${index}` }))),
  );
  expect(pages.map(({ lines }) => lines)).toEqual([
    ['user: to 0', 'assistant: You said: to 0'],
    ['user: to 1', 'assistant: You said: to 1'],
  ]);
});

test('a rejection by the server is shown as its error message', async () => {
  const unauthorized = new ParleyTransport({ url, apiKey: 'pk_live_wrong' });
  const page = await openPage({ id: (await team.makeChat()).id, transport: unauthorized });
  await page.act(({ sendMessage }) => sendMessage({ text: 'let me in' }));
  expect(page.chat.status).toBe('error');
  expect(page.chat.error?.message).toMatch(/^A valid API key is required/);
  expect(page.chat.error?.cause).toMatchObject({ code: 'unauthorized' });
});

test('a page of any origin can read the stream', async () => {
  const { id } = await team.makeChat();
  const response = await fetch(`${url}/chat/${id}/message`, {
    method: 'POST',
    headers: {
      origin: 'https://shop.example',
      'content-type': 'application/json',
      'x-api-key': team.publishableKey,
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ content: 'hello', role: 'user' }),
  });
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(await response.text()).toContain('"finish"');
});
