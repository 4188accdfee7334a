import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openPage } from './open-page.ts';
import { ParleyTransport } from './parley-transport.ts';

const { makeTeam, model, url } = await startHarness();
const team = await makeTeam();

async function openStreaming(text: string) {
  const { id } = await team.makeChat();
  const transport = new ParleyTransport({ url, apiKey: team.publishableKey });
  const page = await openPage({ id, transport });
  model.replyTo(text, scripts.neverEnding('It goes ', 'on and'));
  const sending = page.act(({ sendMessage }) => sendMessage({ text }));
  await page.until(({ lines }) => lines.at(-1) === 'assistant: It goes on and');
  return { id, transport, page, sending, call: await model.callTo(text) };
}

const list = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;

test('stopping ends the answer with exactly the shown text and ends the call of the model', async () => {
  const { id, transport, page, sending, call } = await openStreaming('stop this');
  await transport.cancel(id);
  await call.aborted;
  await sending;
  expect(page.chat.status).toBe('ready');
  expect(page.chat.error).toBeUndefined();
  expect(page.lines).toEqual(['user: stop this', 'assistant: It goes on and']);
  expect(await list(id)).toMatchObject([
    { content: 'stop this' },
    { content: 'It goes on and', status: 'stopped' },
  ]);
});

test('an answer that is stopped before its first word leaves only the question', async () => {
  const { id } = await team.makeChat();
  const transport = new ParleyTransport({ url, apiKey: team.publishableKey });
  const page = await openPage({ id, transport });
  model.replyTo('say nothing', scripts.neverEnding());
  const sending = page.act(({ sendMessage }) => sendMessage({ text: 'say nothing' }));
  // From here an answer exists that can be stopped.
  await page.until(({ lines }) => lines.length === 2);
  const call = await model.callTo('say nothing');
  await transport.cancel(id);
  await call.aborted;
  await sending;
  expect(page.chat.status).toBe('ready');
  expect(page.lines).toEqual(['user: say nothing', 'assistant: ']);
  expect(await list(id)).toMatchObject([{ content: 'say nothing', status: 'stopped' }]);
});

test('the chat continues after a stop', async () => {
  const { id, transport, page, sending } = await openStreaming('stop that');
  await transport.cancel(id);
  await sending;
  await page.act(({ sendMessage }) => sendMessage({ text: 'and now?' }));
  expect(page.lines.slice(2)).toEqual(['user: and now?', 'assistant: You said: and now?']);
});

test('stopping twice, or after the end, changes nothing', async () => {
  const { id, transport, page, sending } = await openStreaming('stop twice');
  await Promise.all([transport.cancel(id), transport.cancel(id)]);
  await sending;
  await transport.cancel(id);
  expect(page.lines).toEqual(['user: stop twice', 'assistant: It goes on and']);
  expect(await list(id)).toHaveLength(2);
});

test.each([
  ['`stop` of the hook', (page: Awaited<ReturnType<typeof openPage>>) => page.act(({ stop }) => stop())],
  ['leaving the page', async (page: Awaited<ReturnType<typeof openPage>>) => page.close()],
])('%s disconnects, and the answer continues', async (how, disconnect) => {
  const text = `disconnect by ${how}`;
  const { id, transport, page, call } = await openStreaming(text);
  await disconnect(page);
  call.text(' on.');
  call.finish();
  await call.closed;
  expect(call.isAborted).toBe(false);
  const next = await openPage({ id, transport, messages: await transport.load(id), resume: true });
  await next.until(({ lines }) => lines.at(-1) === 'assistant: It goes on and on.');
  await expect
    .poll(() => list(id))
    .toMatchObject([{}, { content: 'It goes on and on.', status: 'completed' }]);
});
