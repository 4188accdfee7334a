import {
  type ModelScript,
  type ScriptedTool,
  scripts,
  startScriptedModel,
  startScriptedTool,
} from '@parley/agent/testing';
import { expect } from 'vitest';
import { contentsOf, databaseOf, type Server, send, type UpgradeScenario, type World } from '../scenario.ts';

const SOON = { timeout: 60_000 };
const QUESTION = 'scenario/book-a-seat';
const signature = { extra_content: { google: { thought_signature: 'c2ln' } } };
const cited = { type: 'url_citation', url_citation: { url: 'https://a.example/', title: 'Seats' } };
const reasoning = { reasoning_content: 'I should book.' };

/** Text, reasoning, a source and a call, with the fields that the model's server wants back. */
const callTool: ModelScript = (call) => {
  call.text('I book. ');
  return callSilently(call);
};

/** The same without text. */
const callSilently: ModelScript = (call) => {
  call.chunk({ choices: [{ index: 0, delta: { ...reasoning, annotations: [cited] } }] });
  const called = { name: 'book', arguments: '{"seat":7}' };
  call.toolCall({ index: 0, id: 'call_1', type: 'function', function: called, ...signature });
  call.finish({ reason: 'tool_calls' });
};

/** Settings of an agent that shows all parts of its answers. */
const shown = { agent: { reasoning: 'show' }, tool: { title: 'Books a seat', show: 'everything' } };

/** The fields of a stored part. */
const partFields = [
  ...['kind', 'length', 'text', 'isShown', 'id', 'name', 'arguments', 'result'],
  ...['isError', 'ms', 'title', 'show', 'url'],
];

/** Makes a tool fail its first call. */
function failOnce(tool: ScriptedTool): void {
  tool.answer((response) => void response.writeHead(tool.calls().length > 1 ? 200 : 500).end('seat 7'));
}

/** A model, a tool, and a database that the old release made; with the settings of its servers. */
async function openSite(world: World, own: AsyncDisposableStack) {
  const [model, tool] = [await startScriptedModel(), await startScriptedTool()];
  own.defer(() => model.stop());
  own.defer(() => tool.stop());
  const database = await world.newDatabase();
  const { mongoUri: mongodbUri, ...team } = database;
  const settings = { mongodbUri, ...team, modelUrl: model.baseUrl, arePrivateAddressesAllowed: true };
  return { model, tool, database, settings, turns: databaseOf(world, database).collection('turns') };
}

/** A model, and a tool that answers its first call never. */
async function startModelAndTool(own: AsyncDisposableStack) {
  const [model, tool] = [await startScriptedModel(), await startScriptedTool()];
  own.defer(() => model.stop());
  own.defer(() => tool.stop());
  model.reply(callTool, scripts.echoResults());
  tool.answer(async (response) => {
    if (tool.calls().length > 1) response.end('seat 7');
  });
  return { model, tool };
}

async function newChat(
  server: Server,
  url: string,
  more: { agent?: object; tool?: object } = {},
): Promise<string> {
  const tools = [{ name: 'book', description: 'Books.', parameters: { type: 'object' }, url, ...more.tool }];
  const body = { name: 'Ada', type: 'support', systemPrompt: 'Book.', tools, ...more.agent };
  const { body: agent } = await server.call('POST', '/agent', { body });
  return (await server.call('POST', '/chat', { body: { agentId: agent.id } })).body.id;
}

/** Stops a server while a tool is called, and has the other version go on. */
async function takeOver(world: World, first: 'old' | 'current', second: 'old' | 'current') {
  await using own = new AsyncDisposableStack();
  const { model, tool } = await startModelAndTool(own);
  const database = await world.newDatabase();
  const { mongoUri: mongodbUri, ...team } = database;
  const settings = { mongodbUri, ...team, modelUrl: model.baseUrl, arePrivateAddressesAllowed: true };
  const before = await world.start(first, settings);
  const chat = await newChat(before, tool.url);
  const called = tool.nextCall();
  const sent = send(before, chat, QUESTION).catch(() => undefined);
  await called;
  const turns = databaseOf(world, database).collection('turns');
  const cutOff = await turns.findOne({ chat });
  await before[Symbol.asyncDispose]();
  await sent;
  const after = await world.start(second, settings);
  await expect
    .poll(async () => (await turns.findOne({ chat }))?.['status'], SOON)
    .toMatch(/completed|failed/);
  const [question, answer] = await contentsOf(after, chat);
  expect([question, answer]).toEqual([QUESTION, 'I book. Results: seat 7']);
  const keys = tool.calls().map(({ headers }) => headers['idempotency-key']);
  expect(keys).toEqual([`${cutOff?._id}-1-1`, `${cutOff?._id}-1-1`]);
  expect(model.calls()).toHaveLength(2);
  expect(await turns.findOne({ chat })).toMatchObject({ status: 'completed', takeovers: 0 });
  return { cutOff, resumed: model.calls().at(-1)?.body.messages.at(-2) };
}

export const toolSteps: readonly UpgradeScenario[] = [
  {
    name: 'the old version goes on with the tool call of an answer that this version began, and repeats it with its key',
    fields: ['turns.stepsSize'],
    async run(world) {
      const { cutOff } = await takeOver(world, 'current', 'old');
      expect(cutOff).toMatchObject({
        stepsSize: 2,
        steps: [{ text: 'I book. ', calls: [{ id: 'call_1' }] }],
      });
    },
  },
  {
    name: 'this version goes on with the tool call of an answer that the old version began, and repeats it with its key',
    async run(world) {
      const { cutOff, resumed } = await takeOver(world, 'old', 'current');
      expect(cutOff).not.toHaveProperty('stepsSize');
      expect(resumed).toMatchObject({ role: 'assistant', tool_calls: [{ id: 'call_1' }] });
    },
  },
  {
    name: 'the old version reads the text of an answer that has reasoning, sources and tool calls, and this one its parts after that',
    fields: [
      ...partFields.map((field) => `turns.messages.parts.${field}`),
      ...[
        'turns.steps.reasoning',
        'turns.steps.sources.url',
        'turns.steps.sources.title',
        'turns.steps.calls.isError',
        'turns.steps.calls.ms',
        'agents.versions.reasoning',
      ],
    ],
    async run(world) {
      await using own = new AsyncDisposableStack();
      const { model, tool, turns, settings } = await openSite(world, own);
      model.reply(callTool, callTool, scripts.echoResults());
      failOnce(tool);
      const current = await world.start('current', settings);
      const chat = await newChat(current, tool.url, shown);
      expect((await send(current, chat, QUESTION)).status).toBe(200);
      const stored = (await turns.findOne({ chat }))?.['messages'].at(-1).parts;
      expect(stored.map(({ kind }: { kind: string }) => kind)).toEqual([
        ...[
          'text',
          'reasoning',
          'source',
          'tool-call',
          'tool-result',
          'text',
          'reasoning',
          'tool-call',
          'tool-result',
          'text',
        ],
      ]);
      const old = await world.start('old', settings);
      expect(await contentsOf(old, chat)).toEqual(await contentsOf(current, chat));
      model.reply(scripts.text('Yes.'));
      expect((await send(old, chat, 'scenario/after-the-parts')).status).toBe(200);
      model.reply(scripts.text('Sure.'));
      expect((await send(current, chat, 'scenario/once-more')).status).toBe(200);
      expect(model.calls().at(-1)?.body.messages).toContainEqual(
        expect.objectContaining({ role: 'tool', content: 'seat 7' }),
      );
      expect(await contentsOf(old, chat)).toEqual(await contentsOf(current, chat));
      const { body } = await current.call('GET', `/chat/${chat}/message`);
      expect(body.messages[1].parts).toHaveLength(8);
      expect(JSON.stringify((await old.call('GET', `/chat/${chat}/message`)).body)).not.toContain(
        'I should book.',
      );
    },
  },
  {
    name: 'the old version keeps what it can read of an answer with several parts that this version began and stopped',
    fields: [
      ...partFields.map((field) => `turns.written.parts.${field}`),
      ...['turnLog.pieces.open', 'turnLog.pieces.index', 'turnLog.pieces.tape'],
    ],
    async run(world) {
      await using own = new AsyncDisposableStack();
      const { model, tool, turns, settings, database } = await openSite(world, own);
      const current = await world.start('current', settings);
      const chat = await newChat(current, tool.url, shown);
      model.reply(callSilently, scripts.status(400));
      failOnce(tool);
      expect((await send(current, chat, QUESTION)).status).toBe(502);
      const failed = await turns.findOne({ chat });
      expect(failed?.['written']).toMatchObject({
        parts: [{ kind: 'reasoning' }, { kind: 'source' }, {}, {}],
      });
      const old = await world.start('old', settings);
      expect((await old.call('GET', `/chat/${chat}/message`)).body.messages).toHaveLength(1);
      // As an import stores a failed answer whose text is in no message.
      const parts = [{ kind: 'text', length: 8 }, ...(failed?.['written'].parts ?? [])];
      await turns.updateOne({ chat }, { $set: { 'written.text': 'I book. ', 'written.parts': parts } });
      for (const server of [old, current])
        expect((await server.call('GET', `/chat/${chat}/message`)).body.messages).toHaveLength(1);
      // The log of an answer that is stopped in its middle.
      model.reply((call) => {
        call.text('Before. ');
        call.chunk({ choices: [{ index: 0, delta: reasoning }] });
        call.text('After.');
      });
      const sent = send(current, chat, 'scenario/stopped-in-its-middle');
      const log = databaseOf(world, database).collection('turnLog');
      await expect.poll(() => log.countDocuments({ 'pieces.tape': /After/ }), SOON).toBe(1);
      const running = (await turns.findOne({ chat, status: 'generating' }))?.['answerId'];
      expect((await old.call('POST', `/chat/${chat}/message/${running}/cancel`)).status).toBe(200);
      expect((await sent).body).toMatchObject({ status: 'stopped', content: 'Before. After.' });
      expect(await contentsOf(old, chat)).toEqual(await contentsOf(current, chat));
    },
  },
  {
    name: 'another server of this version returns to the model what it sent with a tool call',
    fields: ['turns.steps.opaque', 'turns.steps.source', 'turns.steps.calls.opaque'],
    async run(world) {
      const { resumed } = await takeOver(world, 'current', 'current');
      expect(resumed).toMatchObject({ ...reasoning, tool_calls: [signature] });
    },
  },
];
