import { createGate } from '@parley/agent/testing';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openFrontProxy } from './front-proxy.ts';
import { openPage, type Page } from './open-page.ts';
import { ParleyTransport } from './parley-transport.ts';

const { makeTeam, model, url, mongo } = await startHarness();
const team = await makeTeam();
const proxy = await openFrontProxy(url);
const newTransport = () => new ParleyTransport({ url: proxy.url, apiKey: team.publishableKey });

/** Sends a message whose answer pauses in its middle until the gate is released. */
async function openHalfAnswered(text: string) {
  const { id } = await team.makeChat();
  const transport = newTransport();
  const page = await openPage({ id, transport });
  const gate = createGate();
  model.replyTo(text, async (call) => {
    call.text('Half of it');
    await gate.released;
    call.text(', and the rest.');
    call.finish();
  });
  const sending = page.act(({ sendMessage }) => sendMessage({ text }));
  await page.until(({ lines }) => lines.at(-1) === 'assistant: Half of it');
  return { id, transport, page, sending, gate, whole: 'assistant: Half of it, and the rest.' };
}

/** Checks that each render showed the answer from its start, without repeated text. */
function expectNothingTwice({ history }: Page, whole: string): void {
  const answers = history.filter((line) => line.startsWith('assistant'));
  expect(answers.filter((line) => !whole.startsWith(line))).toEqual([]);
  expect(answers.at(-1)).toBe(whole);
}

async function reload(id: string, options: { isStrict?: boolean } = {}) {
  const transport = newTransport();
  const messages = await transport.load(id);
  return { messages, page: await openPage({ id, transport, messages, resume: true, ...options }) };
}

const calls = (text: string) => model.calls().filter(({ message }) => message === text);

describe('a page that is reloaded', () => {
  test.each([
    ['', false],
    [' (mounted twice, as in development)', true],
  ])('a reload during an answer resumes it to its exact text%s', async (_, isStrict) => {
    const text = `reload in the middle ${isStrict}`;
    const { id, page, gate, whole } = await openHalfAnswered(text);
    page.close();
    const next = await reload(id, { isStrict });
    expect(next.messages).toMatchObject([{ role: 'user' }]);
    await next.page.until(({ lines }) => lines.at(-1) === 'assistant: Half of it');
    expect(next.page.lines).toHaveLength(2);
    gate.release();
    await next.page.until(({ chat }) => chat.status === 'ready' && chat.messages.length === 2);
    expect(next.page.lines).toEqual([`user: ${text}`, whole]);
    expectNothingTwice(next.page, whole);
  });

  test('a reload shows the answer that ended between the list and the stream', async () => {
    const { id, page, gate, whole } = await openHalfAnswered('ended in between');
    page.close();
    const transport = newTransport();
    const messages = await transport.load(id);
    gate.release();
    await expect
      .poll(async () => (await team.trpc.message.list.query({ chatId: id })).messages)
      .toHaveLength(2);
    const next = await openPage({ id, transport, messages, resume: true });
    await next.until(({ lines }) => lines.at(-1) === whole);
    expect(next.lines).toHaveLength(2);
  });

  test('a reload without a running answer shows the chat and requests no stream', async () => {
    const { chatId } = await team.answered();
    const { page } = await reload(chatId);
    await page.act(({ resumeStream }) => resumeStream());
    expect(page.lines).toEqual(['user: hello', 'assistant: You said: hello']);
    expect(page.chat).toMatchObject({ status: 'ready', error: undefined });
    expect(page.history).toEqual(['assistant: You said: hello']);
  });

  test('a reload of an empty chat shows an empty chat', async () => {
    const { page } = await reload((await team.makeChat()).id);
    await page.act(({ resumeStream }) => resumeStream());
    expect(page.lines).toEqual([]);
    expect(page.chat).toMatchObject({ status: 'ready', error: undefined });
  });
});

describe.each([
  ['resumeStream', (page: Page) => page.act(({ resumeStream }) => resumeStream())],
  ['regenerate', (page: Page) => page.act(({ regenerate }) => regenerate())],
])('a connection that breaks during an answer, followed by `%s`', (name, goOn) => {
  test('the page resumes the answer and shows no word twice', async () => {
    const text = `cut, then ${name}`;
    const { page, sending, gate, whole } = await openHalfAnswered(text);
    proxy.cut();
    await sending;
    expect(page.chat.status).toBe('error');
    expect(page.lines).toEqual([`user: ${text}`, 'assistant: Half of it']);
    proxy.leadTo(url);
    const going = goOn(page);
    await page.until(({ chat }) => chat.status === 'streaming');
    gate.release();
    await going;
    expect(page.chat).toMatchObject({ status: 'ready', error: undefined });
    expect(page.lines).toEqual([`user: ${text}`, whole]);
    expectNothingTwice(page, whole);
    expect(calls(text)).toHaveLength(1);
  });

  test('the page shows the whole answer if it ended meanwhile', async () => {
    const text = `cut and ended, then ${name}`;
    const { id, page, sending, gate, whole } = await openHalfAnswered(text);
    proxy.cut();
    await sending;
    gate.release();
    await expect
      .poll(async () => (await team.trpc.message.list.query({ chatId: id })).messages)
      .toHaveLength(2);
    proxy.leadTo(url);
    await goOn(page);
    expect(page.chat).toMatchObject({ status: 'ready', error: undefined });
    expect(page.lines).toEqual([`user: ${text}`, whole]);
    expectNothingTwice(page, whole);
    expect(calls(text)).toHaveLength(1);
  });
});

describe('a message that `regenerate` sends again', () => {
  test.each([
    ['because the server was not reached', () => proxy.cut()],
    ['because its acceptance was lost on the way', () => proxy.loseAnswers()],
  ])('a message that is sent again %s is accepted once', async (why, breakProxy) => {
    const { id } = await team.makeChat();
    const page = await openPage({ id, transport: newTransport() });
    const text = `again, ${why}`;
    breakProxy();
    await page.act(({ sendMessage }) => sendMessage({ text }));
    expect(page.chat.status).toBe('error');
    proxy.leadTo(url);
    await page.act(({ regenerate }) => regenerate());
    expect(page.chat).toMatchObject({ status: 'ready', error: undefined });
    expect(page.lines).toEqual([`user: ${text}`, `assistant: You said: ${text}`]);
    expect(await mongo.raw.collection('turns').countDocuments({ chat: id })).toBe(1);
    expect(calls(text)).toHaveLength(1);
  });
});
