import { type ScriptedTool, scripts, startScriptedTool } from '@parley/agent/testing';
import type { Tool, ToolStep } from '@parley/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from './harness.ts';

/* The Responses API behind the same port: the contents of its requests, and the results of its events. */

let harness: Harness;
let tool: ScriptedTool;
let weather: Tool;
beforeEach(async () => {
  tool = await startScriptedTool();
  weather = {
    ...{ name: 'weather', description: 'Tells the weather.', url: tool.url },
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  };
  harness = await startHarness({}, { toolAddresses: { arePrivateAllowed: true } }, 'responses');
});
afterEach(() => tool.stop());

type Event = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Answers with exactly these events. */
function events(...given: readonly Event[]) {
  return scripts.raw(
    given.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  );
}

const delta = (text: string, index = 0): Event => ({
  ...{ type: 'response.output_text.delta', output_index: index, item_id: `msg_${index}` },
  delta: text,
});
const message = (text: string, index = 0) => ({
  ...{ type: 'message', id: `msg_${index}`, role: 'assistant' },
  content: [{ type: 'output_text', text }],
});
const itemDone = (item: object, index = 0): Event => ({
  ...{ type: 'response.output_item.done', output_index: index },
  item,
});
const completed = (more: object = {}): Event => ({
  type: 'response.completed',
  response: { model: 'm-1', usage: { input_tokens: 7, output_tokens: 3 }, incomplete_details: null, ...more },
});
const answer = (text: string) => events(delta(text), completed());
const written = '{"city":"Oslo"}';
const call = (more: object = {}) => ({
  ...{ type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: written },
  ...more,
});
const reasoning = (id: string, more: object = { encrypted_content: `secret of ${id}` }) => ({
  ...{ type: 'reasoning', id, summary: [] },
  ...more,
});

describe('a request over the Responses API', () => {
  test('the request has the conversation and the settings and asks that nothing is stored', async () => {
    const next = harness.model.nextCall();
    await harness.start({ agent: { systemPrompt: 'Be kind.', temperature: 0.5, tools: [weather] } }).outcome;
    const { path, headers, sent } = await next;
    expect(path).toBe('/v1/responses');
    expect(headers.authorization).toBe('Bearer sk-test-key');
    expect(sent).toEqual({
      model: 'default-model',
      input: [
        { type: 'message', role: 'system', content: 'Be kind.' },
        { type: 'message', role: 'user', content: 'hi' },
      ],
      stream: true,
      store: false,
      include: ['reasoning.encrypted_content'],
      temperature: 0.5,
      tools: [
        {
          ...{ type: 'function', name: 'weather', description: 'Tells the weather.', strict: false },
          parameters: weather.parameters,
        },
      ],
    });
  });

  test('the request reuses the connection of the one before', async () => {
    await harness.start().outcome;
    await harness.start().outcome;
    const ports = harness.model.calls().map(({ clientPort }) => clientPort);
    expect(new Set(ports).size).toBe(1);
  });

  test.each([
    ['temperature', "Unsupported parameter: 'temperature' is not supported with this model."],
    ['include', 'Encrypted content is not supported with this model.'],
  ])(
    'the request is repeated without %s if the server rejects it, and later ones leave it out',
    async (part, said) => {
      harness.model.replyAlways((asked) =>
        part in (asked.sent as object) ? scripts.status(400, { message: said })(asked) : answer('ok')(asked),
      );
      const agent = { temperature: 1 };
      expect(await harness.start({ agent }).outcome).toMatchObject({ text: 'ok', calls: 2 });
      expect(await harness.start({ agent }).outcome).toMatchObject({ text: 'ok', calls: 1 });
    },
  );

  test('the request is not repeated without stream_options, which it does not have', async () => {
    harness.model.reply(scripts.status(400, { message: 'stream_options' }));
    expect(await harness.start().error).toMatchObject({ code: 'model_refused', calls: 1 });
  });
});

describe('an answer over the Responses API', () => {
  test('the answer is its text, with the model and the usage', async () => {
    harness.model.reply(events(delta('Hello '), delta('you.'), itemDone(message('Hello you.')), completed()));
    expect(await harness.start().outcome).toEqual({
      ...{ text: 'Hello you.', finishReason: 'stop', model: 'm-1', calls: 1 },
      usage: { inputTokens: 7, outputTokens: 3 },
    });
  });

  test('the answer is emitted while the model still writes', async () => {
    const gate = harness.model.hold();
    const next = harness.model.nextCall();
    harness.model.reply(() => undefined);
    const run = harness.start();
    const open = await next;
    gate.release();
    for (const piece of ['one', ' two']) {
      const emitted = run.nextPiece();
      open.text(piece);
      expect(await emitted).toBe(piece);
    }
    open.finish();
    expect(await run.outcome).toMatchObject({ text: 'one two' });
  });

  test.each<[string, readonly Event[]]>([
    ['in an item that is done', [itemDone(message('Whole.')), completed()]],
    ['with the last event', [completed({ output: [message('Whole.')] })]],
    [
      'in pieces without a number',
      [
        { type: 'response.output_text.delta', delta: 'Whole.' },
        itemDone(message('Whole.')),
        completed({ output: [message('Whole.')] }),
      ],
    ],
    [
      'everywhere',
      [delta('Whole.'), itemDone(message('Whole.')), completed({ output: [message('Whole.')] })],
    ],
    [
      'beside events that say nothing',
      [{ type: 'keepalive' }, { type: 'x.y' }, delta('Whole.'), completed()],
    ],
  ])('the text is emitted once if it comes %s', async (_, given) => {
    harness.model.reply(events(...given));
    expect(await harness.start().outcome).toMatchObject({ text: 'Whole.', finishReason: 'stop' });
  });

  test('the answer has a paragraph for each of its messages', async () => {
    harness.model.reply(events(delta('One'), delta(' and half.'), delta('Two.', 1), completed()));
    expect(await harness.start().outcome).toMatchObject({ text: 'One and half.\n\nTwo.' });
  });

  test('the answer has no reasoning, in events or in tags', async () => {
    const thought: Event = { type: 'response.reasoning_summary_text.delta', output_index: 0, delta: 'Hm.' };
    harness.model.reply(events(thought, delta('<think>Well', 1), delta('</think>Yes.', 1), completed()));
    expect(await harness.start().outcome).toMatchObject({ text: 'Yes.' });
  });

  test.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
  ])('an answer that is incomplete for %s ends with %s', async (reason, finishReason) => {
    const incomplete = { ...completed({ incomplete_details: { reason } }), type: 'response.incomplete' };
    harness.model.reply(events(delta('Half'), incomplete));
    expect(await harness.start().outcome).toMatchObject({ text: 'Half', finishReason });
  });

  test('the answer may be a refusal', async () => {
    const refusal = { type: 'response.refusal.delta', output_index: 0, delta: 'I can not.' };
    harness.model.reply(events(refusal, completed()));
    expect(await harness.start().outcome).toMatchObject({ text: 'I can not.' });
  });

  test('the answer may be one JSON document', async () => {
    harness.model.reply((asked) =>
      asked.status(200, {
        object: 'response',
        output: [message('A whole answer.')],
        ...(completed()['response'] as object),
      }),
    );
    expect(await harness.start().outcome).toMatchObject({
      text: 'A whole answer.',
      usage: { inputTokens: 7 },
    });
  });

  test.each<[string, string, readonly Event[]]>([
    ['an event', 'model_key_refused', [{ type: 'error', code: 'invalid_api_key', message: 'no' }]],
    [
      'an event that holds the error',
      'model_key_refused',
      [{ type: 'error', error: { code: 'invalid_api_key', message: 'no' } }],
    ],
    [
      'a failed response',
      'model_refused',
      [{ type: 'response.failed', response: { error: { code: 'invalid_prompt', message: 'no' } } }],
    ],
  ])('an answer with an error in %s fails with the meaning of the error: %s', async (_, code, given) => {
    harness.model.reply(events(...given));
    expect(await harness.start().error).toMatchObject({ code, calls: 1 });
  });

  test('an answer that failed in JSON fails with the meaning of the error', async () => {
    const error = { code: 'insufficient_quota', message: 'no' };
    harness.model.reply((asked) => asked.status(200, { object: 'response', status: 'failed', error }));
    expect(await harness.start().error).toMatchObject({ code: 'model_rate_limited', calls: 1 });
  });

  test('an answer that failed at the server before any text is requested again, and all calls are paid for', async () => {
    const usage = { input_tokens: 5, output_tokens: 2 };
    const failed = { type: 'response.failed', response: { error: { code: 'server_error' }, usage } };
    harness.model.reply(events(failed));
    expect(await harness.start().outcome).toMatchObject({
      ...{ text: 'You said: hi', calls: 2 },
      usage: { inputTokens: 6, outputTokens: 3 },
    });
  });

  test.each([
    ['ends without its last event', scripts.unfinishedAfter('Half')],
    ['is cut', scripts.cutAfter('Half')],
    ['holds an event that is no JSON', scripts.brokenChunkAfter('Half')],
    ['holds an error after some text', scripts.errorAfter(['Half'])],
  ])('an answer that %s has failed', async (_, script) => {
    harness.model.reply(script);
    const run = harness.start();
    expect(await run.error).toMatchObject({ code: 'model_failed', calls: 1 });
    expect(run.pieces).toEqual(['Half']);
  });
});

describe('a step with tools over the Responses API', () => {
  const argumentsInPieces = [
    { type: 'response.output_item.added', output_index: 1, item: call({ arguments: '' }) },
    ...[written.slice(0, 6), written.slice(6)].map((piece) => ({
      ...{ type: 'response.function_call_arguments.delta', output_index: 1, item_id: 'fc_1' },
      delta: piece,
    })),
    { type: 'response.function_call_arguments.done', output_index: 1, item_id: 'fc_1', arguments: written },
  ];

  test.each<[string, readonly Event[]]>([
    ['in pieces and whole', [...argumentsInPieces, itemDone(call(), 1), completed({ output: [{}, call()] })]],
    ['whole', [itemDone(call(), 1), completed()]],
    ['with the last event', [completed({ output: [call()] })]],
  ])('a step calls each tool once if its call comes %s', async (_, given) => {
    harness.model.reply(events(...given), answer('Done.'));
    const run = harness.start({ agent: { tools: [weather] } });
    expect(await run.outcome).toMatchObject({ text: 'Done.', calls: 2 });
    expect(tool.calls().map(({ body }) => body)).toEqual([written]);
  });

  test('a step calls no tool whose arguments are cut', async () => {
    harness.model.reply(events(...argumentsInPieces.slice(0, 2)), answer('Done.'));
    await harness.start({ agent: { tools: [weather] } }).outcome;
    expect(tool.calls()).toEqual([]);
  });

  test('a step returns its reasoning before the items it belongs to, its text, its calls and their results', async () => {
    const steps: (readonly ToolStep[])[] = [];
    const items = [
      reasoning('rs_1'),
      { ...message('Let me see.', 1), phase: 'commentary' },
      reasoning('rs_2', { content: [{ type: 'reasoning_text', text: 'Oslo.' }] }),
      reasoning('rs_3', { summary: [{ type: 'summary_text', text: 'Only a summary.' }] }),
      call(),
      reasoning('rs_4'),
    ];
    harness.model.reply(
      events(delta('Let me see.', 1), ...items.map(itemDone), completed({ output: items })),
      answer('Done.'),
    );
    const saveToolSteps = async (saved: readonly ToolStep[]) => void steps.push(saved);
    await harness.start({ agent: { tools: [weather] }, saveToolSteps }).outcome;
    const given = [
      { type: 'message', role: 'user', content: 'hi' },
      reasoning('rs_1'),
      { type: 'message', role: 'assistant', content: 'Let me see.', phase: 'commentary' },
      reasoning('rs_2', { content: [{ type: 'reasoning_text', text: 'Oslo.' }] }),
      { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: written },
      { type: 'function_call_output', call_id: 'call_1', output: '{"ok":true}' },
    ];
    expect(harness.model.calls().at(-1)?.sent).toMatchObject({ input: given });

    // Another process continues from the stored steps.
    harness.model.reply(answer('Done.'));
    await harness.start({ agent: { tools: [weather] }, steps: steps.at(-1) }).outcome;
    expect(harness.model.calls().at(-1)?.sent).toMatchObject({ input: given });
  });

  test('a step is requested again without its reasoning if the server does not take it back', async () => {
    harness.model.reply(
      events(itemDone(reasoning('rs_1'), 0), itemDone(call(), 1), completed()),
      scripts.status(400, { message: 'The encrypted content for item rs_1 could not be verified.' }),
      answer('Done.'),
    );
    const run = harness.start({ agent: { tools: [weather] } });
    expect(await run.outcome).toMatchObject({ text: 'Done.', calls: 3 });
    expect(JSON.stringify(harness.model.calls().at(-1)?.sent)).not.toContain('rs_1');
  });
});
