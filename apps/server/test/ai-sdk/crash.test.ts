import { createGate, type Gate } from '@parley/agent/testing';
import { errorRegister } from '@parley/contract';
import { casesOfForm, longTest } from '@parley/embedded/testing/form';
import { DefaultChatTransport, type UIMessage } from 'ai';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openFrontProxy } from './front-proxy.ts';
import { openPage, type Page } from './open-page.ts';
import { ParleyTransport } from './parley-transport.ts';

const bounds = { leaseMs: 1_500 };
const { makeTeam, model, mongo, url, startReplica } = await startHarness({ bounds });
const replica = await startReplica({ bounds });
const team = await makeTeam();

/** The options that the SDK's own transport needs. */
function bareTransport({ url: api, apiKey }: { url: string; apiKey: string }) {
  // Without keep-alive, because a request on a connection of a server that just shut down fails, as it may.
  const headers = { 'x-api-key': apiKey, accept: 'text/event-stream', connection: 'close' };
  return new DefaultChatTransport<UIMessage>({
    prepareSendMessagesRequest({ id, messages }) {
      const part = messages.at(-1)?.parts[0];
      const content = part?.type === 'text' ? part.text : '';
      return { api: `${api}/chat/${id}/message`, headers, body: { role: 'user', content } };
    },
    prepareReconnectToStreamRequest: ({ id }) => ({ api: `${api}/chat/${id}/stream`, headers }),
  });
}

const transports = [
  ['the transport of the recipe', (at: string) => new ParleyTransport(keyed(at))],
  ["the SDK's own transport", (at: string) => bareTransport(keyed(at))],
] as const;

function keyed(at: string) {
  return { url: at, apiKey: team.publishableKey };
}

const RESTARTED = new Error(errorRegister.answer_restarted.message);
const OLD = 'What the dead server had written';
const NEW = 'What the living one writes, anew.';

/** The first run pauses in its middle. The second one answers in two pieces, before and after the gate. */
function scriptRuns(text: string) {
  const gate = createGate();
  let runs = 0;
  model.replyTo(text, async (call) => {
    runs++;
    if (runs === 1) return call.text(OLD);
    call.text(NEW.slice(0, 10));
    await gate.released;
    call.text(NEW.slice(10));
    call.finish();
  });
  return gate;
}

/** Makes the process of a chat's answer look dead to the others: its lease is no longer renewed. */
async function killRunner(chat: string): Promise<void> {
  const { modifiedCount } = await mongo.raw
    .collection('turns')
    .updateOne({ chat, status: 'generating' }, { $set: { 'lease.token': 'of the dead' } });
  expect(modifiedCount).toBe(1);
}

/** Checks that each render showed one run's answer from its start, without repeated text. */
function expectNothingDoubled({ history }: Page): void {
  const answers = history
    .filter((line) => line.startsWith('assistant: '))
    .map((line) => line.slice('assistant: '.length));
  expect(answers.filter((text) => !OLD.startsWith(text) && !NEW.startsWith(text))).toEqual([]);
  expect(answers).toContain(OLD);
  expect(answers.at(-1)).toBe(NEW);
}

describe.each(casesOfForm(transports, 2))('a restarted answer over %s', (name, transport) => {
  /** Opens a page at the server's address with the first run's text and an open stream. */
  async function openOld(text: string, at: string) {
    const { id } = await team.makeChat();
    const gate = scriptRuns(text);
    const page = await openPage({ id, transport: transport(at) });
    const sending = page.act(({ sendMessage }) => sendMessage({ text }));
    await page.until(({ lines }) => lines.at(-1) === `assistant: ${OLD}`);
    return { id, gate, page, sending };
  }

  async function resumeToTheEnd(page: Page, gate: Gate, chatId: string): Promise<void> {
    const going = page.act(({ resumeStream }) => resumeStream());
    await page.until(({ chat }) => chat.status === 'streaming');
    gate.release();
    await going;
    expect(page.chat).toMatchObject({ status: 'ready', error: undefined });
    expect(page.lines.at(-1)).toBe(`assistant: ${NEW}`);
    expectNothingDoubled(page);
    const { messages } = await team.trpc.message.list.query({ chatId });
    expect(messages.map(({ role, content }) => `${role}: ${content}`)).toEqual(page.lines);
  }

  test('a stream from the crashed server ends with an error, and resuming shows only the new text', async () => {
    const { id, gate, page, sending } = await openOld(`lost, ${name}`, url);
    await killRunner(id);
    await sending;
    expect(page.chat).toMatchObject({ status: 'error', error: RESTARTED });
    expect(page.lines).toEqual([`user: lost, ${name}`, `assistant: ${OLD}`]);
    await resumeToTheEnd(page, gate, id);
  });

  longTest(
    'a stream from another server ends with an error, and resuming shows only the new text',
    async () => {
      const { id, gate, page, sending } = await openOld(`elsewhere, ${name}`, url);
      await page.act(({ stop }) => stop());
      await sending;
      const messages = page.chat.messages.slice(0, 1);
      const next = await openPage({ id, transport: transport(replica.url), messages, resume: true });
      await next.until(({ lines }) => lines.at(-1) === `assistant: ${OLD}`);
      await killRunner(id);
      await next.until(({ chat }) => chat.status === 'error');
      expect(next.chat.error).toEqual(RESTARTED);
      await resumeToTheEnd(next, gate, id);
    },
  );

  test('a stream whose connection broke with its server resumes on another one with only the new text', async () => {
    const proxy = await openFrontProxy(url);
    const { id, gate, page, sending } = await openOld(`cut off, ${name}`, proxy.url);
    const secondRun = model.nextCall();
    proxy.cut();
    await killRunner(id);
    await sending;
    expect(page.chat.status).toBe('error');
    await secondRun;
    proxy.leadTo(replica.url);
    await resumeToTheEnd(page, gate, id);
  });

  longTest(
    'a stream from a server that shuts down ends with an error, and resuming elsewhere shows only the new text',
    async () => {
      const leaving = await startReplica({ bounds });
      const proxy = await openFrontProxy(leaving.url);
      const { id, gate, page, sending } = await openOld(`shut down, ${name}`, proxy.url);
      await leaving.composition.close(0);
      await sending;
      expect(page.chat.error?.message).toBe(errorRegister.draining.message);
      proxy.leadTo(replica.url);
      await resumeToTheEnd(page, gate, id);
    },
  );
});

longTest('`regenerate` after a crash resumes the new run and starts no other', async () => {
  const { id } = await team.makeChat();
  const text = 'anew, by regenerate';
  const gate = scriptRuns(text);
  const page = await openPage({ id, transport: new ParleyTransport(keyed(url)) });
  const sending = page.act(({ sendMessage }) => sendMessage({ text }));
  await page.until(({ lines }) => lines.at(-1) === `assistant: ${OLD}`);
  await killRunner(id);
  await sending;
  const going = page.act(({ regenerate }) => regenerate());
  await page.until(({ chat }) => chat.status === 'streaming');
  gate.release();
  await going;
  expect(page.lines).toEqual([`user: ${text}`, `assistant: ${NEW}`]);
  expectNothingDoubled(page);
  expect(model.calls().filter(({ message }) => message === text)).toHaveLength(2);
});
