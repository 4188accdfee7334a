import { Readable } from 'node:stream';
import { type ModelScript, scripts, startScriptedTool } from '@parley/agent/testing';
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

/* The sources of answers: pages of the web that the model names in annotations of its text. */

const { makeTeam, model, url, mongo } = await startHarness({ toolAddresses: { arePrivateAllowed: true } });
const team = await makeTeam();
const tool = await startScriptedTool();
afterAll(() => tool.stop());
tool.answer((response) => void response.end('{"sky":"blue"}'));

const cited = (...pages: readonly object[]) => ({
  choices: [
    { index: 0, delta: { annotations: pages.map((page) => ({ type: 'url_citation', url_citation: page })) } },
  ],
});
const looking: ModelScript = (call) => {
  call.text('I look. ');
  call.chunk(cited({ url: 'https://before.example/' }));
  const called = { name: 'weather', arguments: '{}' };
  call.toolCall({ index: 0, id: 'c', type: 'function', function: called });
  call.finish({ reason: 'tool_calls' });
};
const answering: ModelScript = (call) => {
  call.text('It is ');
  call.chunk(cited({ url: 'https://sky.example/today', title: 'The sky', start_index: 0, end_index: 5 }));
  call.text('blue.');
  call.chunk(cited({ url: 'https://sky.example/today' }, { url: 'javascript:alert(1)', title: 'No page' }));
  call.finish();
};
const sources = [
  { type: 'source-url', sourceId: 'source1', url: 'https://before.example/' },
  { type: 'source-url', sourceId: 'source2', url: 'https://sky.example/today', title: 'The sky' },
] as const;
const call = {
  ...{ type: 'dynamic-tool', toolName: 'weather', state: 'output-available' },
  ...{ input: {}, output: {} },
};
const parts = [
  { type: 'text', text: 'I look. ' },
  sources[0],
  expect.objectContaining(call),
  { type: 'text', text: 'It is blue.' },
  sources[1],
];

async function makeChat(userId?: string) {
  const weather = {
    name: 'weather',
    description: 'Tells it.',
    url: tool.url,
    parameters: { type: 'object' },
  };
  const body = { name: 'Ada', type: 'support', tools: [weather] };
  const { body: agent } = await team.rest<FullAgent>('POST', '/agent', { body });
  return team.makeChat({ agentId: agent.id, ...(userId !== undefined && { userId }) });
}

const list = async (chatId: string) =>
  (await team.rest<MessageList>('GET', `/chat/${chatId}/message`)).body.messages;

/** Streams an answer with two sources, and returns its events. */
async function stream(chatId: Id<'chat'>) {
  model.reply(looking, answering);
  return (await team.stream(chatId, 'and now?')).rest();
}

test('a list has the sources behind the text that they belong to, and the content is the text alone', async () => {
  const { id } = await makeChat();
  await stream(id);
  const [, answer] = await list(id);
  expect(answer).toMatchObject({ content: 'I look. It is blue.', parts });
});

test('a stream has each source once, and one that is cut after any event goes on there', async () => {
  const { id: chatId } = await makeChat();
  const events = await stream(chatId);
  expect(partsOf(events).filter(({ type }) => type === 'source-url')).toEqual(sources);
  expect(partsOf(events).map(({ type }) => type)).toEqual([
    ...['start', 'text-start', 'text-delta', 'text-end', 'source-url', 'data-status', 'tool-input-available'],
    ...['tool-output-available', 'text-start', 'text-delta', 'text-end', 'source-url', 'finish'],
  ]);
  const [, answer] = (await list(chatId)) as [Message, Message];
  for (const [index, { id }] of events.entries()) {
    if (id === undefined) continue;
    const rest = await (await team.resume({ chatId, messageId: answer.id }, { after: id })).rest();
    expect(rest).toEqual(events.slice(index + 1));
  }
  expect(shownText(events)).toBe('I look. It is blue.');
});

test('the client of the AI SDK shows the sources of a stream, and takes a stored history unchanged', async () => {
  const { id } = await makeChat();
  model.reply(looking, answering);
  const transport = new ParleyTransport({ url, apiKey: team.publishableKey });
  const page = await openPage({ id, transport });
  await page.act(({ sendMessage }) => sendMessage({ text: 'now?' }));
  const shown = page.chat.messages.at(-1)?.parts.filter(({ type }) => type === 'source-url');
  expect(shown).toEqual(sources);
  page.close();
  const messages = (await list(id)).map(
    ({ id: messageId, role, content, parts: own = [{ type: 'text', text: content }] }) =>
      ({ id: messageId, role, parts: own }) as UIMessage,
  );
  expect(await validateUIMessages({ messages })).toEqual(messages);
});

test('exports of a team and of a user contain sources, and an import lists them again', async () => {
  const chat = await makeChat('reader');
  await stream(chat.id);
  const before = await list(chat.id);
  const { body } = await team.rest<{ teamId: Id<'team'> }>('GET', `/chat/${chat.id}`);
  for (const user of [undefined, 'reader']) {
    const lines: TransferLine[] = [];
    const scope = { team: body.teamId, ...(user !== undefined && { user }) };
    for await (const line of exportTeam(mongo.stores.transfer, scope)) lines.push(line);
    await mongo.raw.collection<{ _id: string }>('chats').deleteOne({ _id: chat.id });
    await mongo.raw.collection('turns').deleteMany({ chat: chat.id });
    const texts = Readable.from(lines.map((line) => JSON.stringify(line)));
    await importTeam(mongo.stores.transfer, { team: body.teamId }, texts);
    expect(await list(chat.id)).toEqual(before);
  }
});

test('sources are not given to the model again', async () => {
  const { id } = await makeChat();
  await stream(id);
  model.reply(scripts.text('Yes.'));
  await team.send(id, 'really?');
  const sent = JSON.stringify(model.calls().at(-1)?.body.messages);
  expect(sent).toContain('It is blue.');
  expect(sent).not.toMatch(/example|source/);
});

describe.each(transports)('events of a chat over %s', (transport) => {
  test.each([true, false])('a reader receives sources only if it asks for parts (%s)', async (asks) => {
    const { id: chatId } = await makeChat();
    const tab = await followChat(transport, url, team.publishableKey, { chatId, parts: asks });
    await tab.until('chat-followed');
    model.reply(looking, answering);
    await team.send(chatId, 'and now?');
    await tab.until('answer-ended');
    tab.close();
    const events = tab.events.map(({ event }) => event);
    const told = events.flatMap((event) =>
      event.type === 'answer-part' && event.event.type === 'source-url' ? [event.event] : [],
    );
    expect(told).toEqual(asks ? sources : []);
  });
});
