import { Readable } from 'node:stream';
import { createGate, type ModelScript, scripts, startScriptedTool } from '@parley/agent/testing';
import type { FullAgent, Id, Message, MessageList, TransferLine } from '@parley/contract';
import { type UIMessage, validateUIMessages } from 'ai';
import { afterAll, describe, expect, test } from 'vitest';
import { exportTeam } from '../../src/transfer/export-team.ts';
import { importTeam } from '../../src/transfer/import-team.ts';
import { openPage } from '../ai-sdk/open-page.ts';
import { ParleyTransport } from '../ai-sdk/parley-transport.ts';
import { startHarness } from '../harness.ts';
import { followChat } from '../support/follow-chat.ts';
import { transports } from '../support/transports.ts';
import { partsOf, shownText } from '../support/ui-message-stream.ts';

/* Answers with reasoning and tool calls, as callers see them under the settings of the agent. */

const { makeTeam, model, url, mongo } = await startHarness({
  toolAddresses: { arePrivateAllowed: true },
});
const team = await makeTeam();
const tool = await startScriptedTool();
afterAll(() => tool.stop());
tool.answer((response) => void response.end('{"sky":"canary-output"}'));

interface Shown {
  readonly reasoning?: 'hide' | 'show';
  readonly show?: 'nothing' | 'activity' | 'everything';
}

const bodyOf = ({ reasoning, show }: Shown) => ({
  ...{ name: 'Ada', type: 'support', ...(reasoning && { reasoning }) },
  tools: [
    {
      ...{ name: 'weather', description: 'Tells the weather.', url: tool.url, title: 'Looks outside' },
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
      ...(show && { show }),
    },
  ],
});
const makeAgent = async (shown: Shown) =>
  (await team.rest<FullAgent>('POST', '/agent', { body: bodyOf(shown) })).body;
const makeChat = async (shown: Shown = {}) => team.makeChat({ agentId: (await makeAgent(shown)).id });

const thinking: ModelScript = (call) => {
  call.chunk({ choices: [{ index: 0, delta: { reasoning_content: 'canary-thought' } }] });
  return scripts.toolCalls([{ name: 'weather', arguments: { city: 'canary-input' } }], 'I look. ')(call);
};
const answering = () => model.reply(thinking, scripts.text('It is blue.'));

const list = async (chatId: string) =>
  (await team.rest<MessageList>('GET', `/chat/${chatId}/message`)).body.messages;

/** All that the API returns of a chat: a stream, its replay, lists and events. */
async function everythingOf(chatId: Id<'chat'>) {
  answering();
  const stream = await team.stream(chatId, 'and now?');
  const events = await stream.rest();
  const messages = await list(chatId);
  const [, answer] = messages as [Message, Message];
  const replay = await (await team.resume({ chatId, messageId: answer.id })).rest();
  const { body: chat } = await team.rest('GET', `/chat/${chatId}`);
  const repeated = await team.rest('POST', `/chat/${chatId}/message/${answer.id}/cancel`);
  return { answer, events, all: JSON.stringify([events, replay, messages, chat, repeated.body]) };
}

describe('parts that an agent hides', () => {
  test('reasoning, inputs and outputs are hidden by default, and a call shows its title, its state and its duration', async () => {
    const { answer, events, all } = await everythingOf((await makeChat()).id);
    expect(all).not.toContain('canary');
    expect(answer.content).toBe('I look. It is blue.');
    const call = { type: 'dynamic-tool', toolName: 'weather', title: 'Looks outside', input: {} };
    expect(answer.parts).toEqual([
      { type: 'text', text: 'I look. ' },
      {
        ...{ ...call, toolCallId: 'call00100', state: 'output-available', output: {} },
        toolMetadata: { durationMs: expect.any(Number) },
      },
      { type: 'text', text: 'It is blue.' },
    ]);
    expect(partsOf(events).map(({ type }) => type)).toEqual([
      ...['start', 'text-start', 'text-delta', 'text-end', 'data-status', 'tool-input-available'],
      ...['tool-output-available', 'text-start', 'text-delta', 'text-end', 'finish'],
    ]);
  });

  test('a tool that shows nothing leaves no trace, and the answer is text alone', async () => {
    const { answer, all } = await everythingOf((await makeChat({ show: 'nothing' })).id);
    expect(all).not.toMatch(/canary|weather|outside|call00100/);
    expect(answer).not.toHaveProperty('parts');
  });

  test('the stricter of the settings at the time of the answer and the present ones applies', async () => {
    const agent = await makeAgent({ reasoning: 'show', show: 'everything' });
    const { id } = await team.makeChat({ agentId: agent.id });
    const { all } = await everythingOf(id);
    for (const text of ['canary-thought', 'canary-input', 'canary-output']) expect(all).toContain(text);
    await team.rest('PUT', `/agent/${agent.id}`, { body: bodyOf({}) });
    await expect.poll(async () => JSON.stringify(await list(id))).not.toContain('canary');
    const other = await makeAgent({});
    const hidden = await team.makeChat({ agentId: other.id });
    await everythingOf(hidden.id);
    await team.rest('PUT', `/agent/${other.id}`, { body: bodyOf({ reasoning: 'show', show: 'everything' }) });
    expect(JSON.stringify(await list(hidden.id))).not.toContain('canary');
  });

  describe('exports', () => {
    const exported = async (team: Id<'team'>, user?: string) => {
      const lines: TransferLine[] = [];
      const scope = { team, ...(user !== undefined && { user }) };
      for await (const line of exportTeam(mongo.stores.transfer, scope)) lines.push(line);
      return lines;
    };
    const answered = async (userId: string, shown: Shown) => {
      const agent = await makeAgent(shown);
      const chat = await team.makeChat({ agentId: agent.id, userId });
      await everythingOf(chat.id);
      return { agent, chat };
    };
    const answersOf = async (userId: string) => {
      const lines = await exported(team.id, userId);
      return JSON.stringify(lines.filter(({ type }) => type === 'turn'));
    };

    test('an export of the team contains hidden parts, and that of one user leaves out what is hidden alone', async () => {
      await answered('with-activity', {});
      const all = JSON.stringify(await exported(team.id));
      for (const text of ['canary-thought', 'canary-input', 'canary-output']) expect(all).toContain(text);
      const own = await answersOf('with-activity');
      expect(own).toContain('It is blue.');
      expect(own).not.toContain('canary');
      expect(own).toMatch(/"tool-call".*"arguments":"{}".*"Looks outside".*"tool-result".*"result":"{}"/);
    });

    test('an export of one user has no trace of a tool that shows nothing', async () => {
      await answered('without-tools', { show: 'nothing' });
      const own = await answersOf('without-tools');
      expect(own).toContain('It is blue.');
      expect(own).not.toMatch(/canary|weather|outside|call00100|"parts"/);
    });

    test('an export of one user contains what the agent shows, and the stricter of the settings applies', async () => {
      const { agent } = await answered('with-everything', { reasoning: 'show', show: 'everything' });
      const own = await answersOf('with-everything');
      for (const text of ['canary-thought', 'canary-input', 'canary-output']) expect(own).toContain(text);
      await team.rest('PUT', `/agent/${agent.id}`, { body: bodyOf({}) });
      expect(await answersOf('with-everything')).not.toContain('canary');
      const other = await answered('with-nothing', {});
      const settings = bodyOf({ reasoning: 'show', show: 'everything' });
      await team.rest('PUT', `/agent/${other.agent.id}`, { body: settings });
      expect(await answersOf('with-nothing')).not.toContain('canary');
    });

    test('an export of one user shows callers the same parts once it is imported', async () => {
      const { chat } = await answered('moved', {});
      const before = await list(chat.id);
      const lines = await exported(team.id, 'moved');
      await mongo.raw.collection<{ _id: string }>('chats').deleteOne({ _id: chat.id });
      await mongo.raw.collection('turns').deleteMany({ chat: chat.id });
      const texts = Readable.from(lines.map((line) => JSON.stringify(line)));
      await importTeam(mongo.stores.transfer, { team: team.id }, texts);
      expect(await list(chat.id)).toEqual(before);
      expect(before[1]?.parts).toHaveLength(3);
    });
  });
});

describe('parts that an agent shows', () => {
  const shown: Shown = { reasoning: 'show', show: 'everything' };
  const parts = [
    { type: 'reasoning', text: 'canary-thought' },
    { type: 'text', text: 'I look. ' },
    {
      ...{ type: 'dynamic-tool', toolName: 'weather', toolCallId: 'call00100', title: 'Looks outside' },
      ...{ state: 'output-available', input: { city: 'canary-input' }, output: { sky: 'canary-output' } },
      toolMetadata: { durationMs: expect.any(Number) },
    },
    { type: 'text', text: 'It is blue.' },
  ];

  test('a list has the parts in order, and the content is the joined text', async () => {
    const { answer } = await everythingOf((await makeChat(shown)).id);
    expect(answer).toMatchObject({ content: 'I look. It is blue.', parts });
  });

  test('a stream that is cut after each event and resumed there receives every event once', async () => {
    const { id: chatId } = await makeChat(shown);
    const { answer, events } = await everythingOf(chatId);
    for (const [index, { id }] of events.entries()) {
      if (id === undefined) continue;
      const rest = await (await team.resume({ chatId, messageId: answer.id }, { after: id })).rest();
      expect(rest).toEqual(events.slice(index + 1));
    }
    expect(shownText(events)).toBe('I look. It is blue.');
  });

  test('the client of the AI SDK shows all parts, also after a reload in the middle of one', async () => {
    const { id } = await makeChat(shown);
    const gate = createGate();
    model.reply(thinking, async (call) => {
      call.text('It is ');
      await gate.released;
      call.text('blue.');
      call.finish();
    });
    const transport = new ParleyTransport({ url, apiKey: team.publishableKey });
    const page = await openPage({ id, transport });
    const sending = page.act(({ sendMessage }) => sendMessage({ text: 'now?' }));
    await page.until(({ chat }) => JSON.stringify(chat.messages).includes('It is '));
    page.close();
    await sending.catch(() => undefined);
    const later = new ParleyTransport({ url, apiKey: team.publishableKey });
    const messages = await later.load(id);
    const reloaded = await openPage({ id, transport: later, messages, resume: true });
    await reloaded.until(({ chat }) => JSON.stringify(chat.messages).includes('It is '));
    gate.release();
    await reloaded.until(({ chat }) => chat.status === 'ready');
    const seen = reloaded.chat.messages.at(-1)?.parts;
    expect(seen).toMatchObject(parts.map(({ toolMetadata: _, ...part }: Record<string, unknown>) => part));
  });

  test('a stored history can be given to the AI SDK unchanged', async () => {
    const { id } = await makeChat(shown);
    await everythingOf(id);
    const messages = (await list(id)).map(
      ({ id: messageId, role, content, parts: own = [{ type: 'text', text: content }] }) =>
        ({ id: messageId, role, parts: own }) as UIMessage,
    );
    expect(await validateUIMessages({ messages })).toEqual(messages);
    const transport = new ParleyTransport({ url, apiKey: team.publishableKey });
    expect(await transport.load(id)).toEqual(messages);
    const page = await openPage({ id, transport, messages });
    expect(page.chat.messages.at(-1)?.parts).toMatchObject(parts);
  });
});

describe.each(transports)('events of a chat over %s', (transport) => {
  const eventsOf = async (shown: Shown, parts: boolean) => {
    const { id: chatId } = await makeChat(shown);
    const tab = await followChat(transport, url, team.publishableKey, { chatId, parts });
    await tab.until('chat-followed');
    answering();
    await team.send(chatId, 'and now?');
    await tab.until('answer-ended');
    tab.close();
    return { events: tab.events.map(({ event }) => event), messages: await list(chatId) };
  };

  test('a reader that asks for parts receives them in order with the text', async () => {
    const { events } = await eventsOf({ reasoning: 'show', show: 'everything' }, true);
    const told = events.flatMap((event) => {
      if (event.type === 'answer-part') return [event.event.type];
      return event.type === 'answer-delta' ? [event.text] : [];
    });
    expect(told).toEqual([
      ...['reasoning-start', 'reasoning-delta', 'reasoning-end', 'I look. '],
      ...['tool-input-available', 'tool-output-available', 'It is blue.'],
    ]);
    expect(JSON.stringify(events)).toMatch(/canary-thought.*canary-input.*canary-output/);
  });

  test('a reader that does not ask for parts receives text alone', async () => {
    const { events } = await eventsOf({ reasoning: 'show', show: 'everything' }, false);
    expect(JSON.stringify(events)).not.toMatch(/answer-part|canary|weather/);
    const text = events.map((event) => (event.type === 'answer-delta' ? event.text : '')).join('');
    expect(text).toBe('I look. It is blue.');
  });

  test('hidden parts reach no reader', async () => {
    const { events } = await eventsOf({ show: 'nothing' }, true);
    expect(JSON.stringify(events)).not.toMatch(/answer-part|canary|weather/);
    const activity = await eventsOf({}, true);
    expect(JSON.stringify(activity.events)).not.toContain('canary');
    expect(activity.events.filter(({ type }) => type === 'answer-part')).toHaveLength(2);
  });
});

test('the answer to a request that waited has its parts, as the list has them, also when it is repeated', async () => {
  const { id: chatId } = await makeChat({ reasoning: 'show', show: 'everything' });
  answering();
  const headers = { 'idempotency-key': 'parts-of-an-answer' };
  const body = { content: 'and now?', role: 'user' };
  const send = () => team.rest<Message>('POST', `/chat/${chatId}/message`, { body, headers });
  const { body: answer } = await send();
  const [, listed] = await list(chatId);
  expect(answer.parts).toHaveLength(4);
  expect(answer.parts).toEqual(listed?.parts);
  expect((await send()).body).toEqual(answer);
});
