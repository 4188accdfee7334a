import { scripts } from '@parley/agent/testing';
import { errorRegister } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openFrontProxy } from './front-proxy.ts';
import { openPage } from './open-page.ts';
import { ParleyTransport } from './parley-transport.ts';

const { makeTeam, model, url } = await startHarness();
const team = await makeTeam();
const newTransport = () => new ParleyTransport({ url, apiKey: team.publishableKey });

// The model's server has accepted all optional fields, so that a 400 is a rejection of the message.
await team.answered();

async function openFailed(text: string) {
  const { id } = await team.makeChat();
  const page = await openPage({ id, transport: newTransport() });
  model.reply(scripts.status(400));
  await page.act(({ sendMessage }) => sendMessage({ text }));
  expect(page.chat.status).toBe('error');
  return { id, page };
}

test('a failed answer shows its error, and `regenerate` retries it', async () => {
  const { id, page } = await openFailed('fail once');
  expect(page.chat.error?.message).toBe(errorRegister.model_refused.message);
  await page.act(({ regenerate }) => regenerate());
  expect(page.chat).toMatchObject({ status: 'ready', error: undefined });
  expect(page.lines).toEqual(['user: fail once', 'assistant: You said: fail once']);
  const { messages } = await team.trpc.message.list.query({ chatId: id });
  expect(messages.map(({ role, content }) => `${role}: ${content}`)).toEqual(page.lines);
});

test('an answer that fails again can be retried again', async () => {
  const { page } = await openFailed('fail twice');
  model.reply(scripts.status(400));
  await page.act(({ regenerate }) => regenerate());
  expect(page.chat.error?.message).toBe(errorRegister.model_refused.message);
  await page.act(({ regenerate }) => regenerate());
  expect(page.lines).toEqual(['user: fail twice', 'assistant: You said: fail twice']);
});

test('a retry replaces the text of an answer that failed in the middle', async () => {
  const { id } = await team.makeChat();
  const page = await openPage({ id, transport: newTransport() });
  model.reply(scripts.errorAfter(['The first '], 400));
  await page.act(({ sendMessage }) => sendMessage({ text: 'break off' }));
  expect(page.chat.status).toBe('error');
  expect(page.lines).toEqual(['user: break off', 'assistant: The first ']);
  await page.act(({ regenerate }) => regenerate());
  expect(page.lines).toEqual(['user: break off', 'assistant: You said: break off']);
});

test('a failed answer can be retried after a reload', async () => {
  const { id, page } = await openFailed('fail and reload');
  page.close();
  const transport = newTransport();
  const next = await openPage({ id, transport, messages: await transport.load(id), resume: true });
  expect(next.lines).toEqual(['user: fail and reload']);
  await next.act(({ regenerate }) => regenerate());
  expect(next.lines).toEqual(['user: fail and reload', 'assistant: You said: fail and reload']);
});

test('the next message continues the chat without the failed answer', async () => {
  const { page } = await openFailed('fail and go on');
  model.reply(scripts.text('Never mind.'));
  await page.act(({ sendMessage }) => sendMessage({ text: 'what now?' }));
  expect(page.chat).toMatchObject({ status: 'ready', error: undefined });
  expect(page.lines.slice(-2)).toEqual(['user: what now?', 'assistant: Never mind.']);
});

test('an answer that failed after its acceptance was lost can be retried', async () => {
  const { id } = await team.makeChat();
  const proxy = await openFrontProxy(url);
  const transport = new ParleyTransport({ url: proxy.url, apiKey: team.publishableKey });
  const page = await openPage({ id, transport });
  model.reply(scripts.status(400));
  proxy.loseAnswers();
  await page.act(({ sendMessage }) => sendMessage({ text: 'fail unseen' }));
  await expect
    .poll(async () => (await team.trpc.message.list.query({ chatId: id })).messages)
    .toMatchObject([{ status: 'failed' }]);
  proxy.leadTo(url);
  await page.act(({ regenerate }) => regenerate());
  expect(page.chat.error?.message).toBe(errorRegister.model_refused.message);
  await page.act(({ regenerate }) => regenerate());
  expect(page.lines).toEqual(['user: fail unseen', 'assistant: You said: fail unseen']);
});

test('regenerating a completed answer shows the new one in its place', async () => {
  const { chatId } = await team.answered();
  const transport = newTransport();
  const page = await openPage({ id: chatId, transport, messages: await transport.load(chatId) });
  await page.act(({ regenerate }) => regenerate());
  expect(page.chat.error).toBeUndefined();
  const { messages } = await team.trpc.message.list.query({ chatId });
  expect(messages).toHaveLength(2);
});
