import {
  type ModelScript,
  type ScriptedModel,
  type ScriptedTool,
  scripts,
  startScriptedModel,
  startScriptedTool,
} from '@parley/agent/testing';
import { ApiError, type Tool, type ToolStep } from '@parley/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type AgentBounds,
  type AgentInput,
  type AgentSpent,
  createRunAgent,
  ModelCircuits,
  type ModelEnd,
  type ModelFallback,
  type RunAgentOptions,
} from '../src/index.ts';
import { ifText, startRun } from './harness.ts';

/* A list of models: if one cannot answer, the next one is called. Each has its own server. */

let first: ScriptedModel;
let second: ScriptedModel;
let third: ScriptedModel;
let tool: ScriptedTool;
let weather: Tool;
beforeEach(async () => {
  [first, second, third, tool] = await Promise.all([
    startScriptedModel(),
    startScriptedModel(),
    startScriptedModel(),
    startScriptedTool(),
  ]);
  weather = {
    ...{ name: 'weather', description: 'Tells the weather.', url: tool.url },
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  };
});
afterEach(async () => {
  await Promise.all([first, second, third, tool].map((server) => server.stop()));
});

const models = [
  { provider: 'default', model: 'm1' },
  { provider: 'second', model: 'm2' },
];
const three = [...models, { provider: 'third', model: 'm3' }];

interface Reports {
  readonly ends: ModelEnd[];
  readonly fallbacks: ModelFallback[];
}

function open(bounds: Partial<AgentBounds> = {}, options: Partial<RunAgentOptions> = {}) {
  const reports: Reports = { ends: [], fallbacks: [] };
  const runAgent = createRunAgent({
    endpoint: () => ({ baseUrl: first.baseUrl, apiKey: 'sk-first', model: 'default-model' }),
    providers: new Map([
      ['second', { baseUrl: second.baseUrl, apiKey: 'sk-second' }],
      ['third', { baseUrl: third.baseUrl, apiKey: 'sk-third', api: 'responses' }],
    ]),
    contextTokens: 1_000,
    toolAddresses: { arePrivateAllowed: true },
    onModelEnd: (end) => reports.ends.push(end),
    onFallback: (fallback) => reports.fallbacks.push(fallback),
    bounds: { retryDelayMs: 1, ...bounds },
    ...options,
  });
  return {
    ...reports,
    start: (input: Partial<AgentInput> = {}) => startRun(runAgent, { agent: { models }, ...input }),
  };
}

const counts = () => [first, second, third].map((server) => server.calls().length);

describe('a list of models', () => {
  test('the first model of a list answers with the key and name of its provider, and the others are not called', async () => {
    const { start, ends } = open();
    expect(await start().outcome).toEqual({
      ...{ text: 'You said: hi', finishReason: 'stop', model: 'm1', calls: 1 },
      usage: { inputTokens: 1, outputTokens: 1 },
    });
    expect(counts()).toEqual([1, 0, 0]);
    expect(first.calls()[0]?.headers.authorization).toBe('Bearer sk-first');
    expect(ends).toEqual([{ provider: 'default', model: 'm1', code: undefined }]);
  });

  test.each<[string, ModelScript]>([
    ['is rate limited', scripts.status(429)],
    ['asks to wait', scripts.status(429, { headers: { 'retry-after': '1' } })],
    ['has failed', scripts.status(500)],
    ['is overloaded', scripts.status(503)],
    ['timed out at its gateway', scripts.status(504)],
    ['does not take the key', scripts.status(401)],
    ['is not known', scripts.status(404)],
    ['closes the connection', (call) => call.cut()],
    ['ends without an answer', scripts.unfinishedAfter()],
    ['answers nothing', scripts.text([])],
  ])('the next model of a list is called at once when one %s', async (_, script) => {
    first.reply(script);
    const { start, fallbacks, ends } = open();
    expect(await start().outcome).toMatchObject({ text: 'You said: hi', model: 'second/m2', calls: 1 });
    expect(counts()).toEqual([1, 1, 0]);
    expect(second.calls()[0]?.headers.authorization).toBe('Bearer sk-second');
    expect(second.calls()[0]?.body.model).toBe('m2');
    expect(fallbacks).toMatchObject([{ id: 'turn_1', next: models[1], error: { model: 'm1', calls: 1 } }]);
    expect(ends.map(({ code }) => code === undefined)).toEqual([false, true]);
  });

  test('the next model of a list is called when the address of one does not answer', async () => {
    const { start } = open(
      {},
      { endpoint: () => ({ baseUrl: 'http://127.0.0.1:1/v1', apiKey: '', model: 'm' }) },
    );
    expect(await start().outcome).toMatchObject({ model: 'second/m2' });
  });

  test('the next model of a list is called when one does not begin in time, and its tools still work', async () => {
    first.reply(scripts.neverEnding());
    second.reply(scripts.toolCalls([{ name: 'weather', arguments: {} }]), scripts.echoResults());
    const { start } = open({ firstPieceMaxMs: 100 });
    const run = start({ agent: { models, tools: [weather] } });
    expect(await run.outcome).toMatchObject({ text: 'Results: {"ok":true}', model: 'second/m2', calls: 2 });
    await first.calls()[0]?.aborted;
  });

  test('a list of models fails at once when one rejects the message', async () => {
    const { start } = open();
    await start().outcome;
    first.reply(scripts.status(400));
    expect(await start().error).toMatchObject({ code: 'model_refused' });
    expect(second.calls()).toHaveLength(0);
  });

  test('a request is repeated in another form before the next model is called', async () => {
    first.replyAlways(scripts.rejectingStreamOptions());
    expect(await open().start().outcome).toMatchObject({ model: 'm1', calls: 2 });
    expect(counts()).toEqual([2, 0, 0]);
  });

  test('each model is called once and the last one three times, and the failure of the last one is thrown', async () => {
    first.replyAlways(scripts.status(401));
    second.replyAlways(scripts.status(500));
    third.replyAlways(scripts.status(429));
    const { start } = open();
    const error = await start({ agent: { models: three } }).error;
    expect(error).toMatchObject({ code: 'model_rate_limited', model: 'third/m3', calls: 3 });
    expect(counts()).toEqual([1, 1, 3]);
  });

  test('a list of models leaves out a provider that is not configured or has no model now', async () => {
    const loading = () => {
      throw new ApiError('model_loading');
    };
    const { start } = open({}, { endpoint: loading });
    const unknown = { provider: 'unknown', model: 'm' };
    expect(await start({ agent: { models: [unknown, ...models] } }).outcome).toMatchObject({
      model: 'second/m2',
    });
    expect(await start({ agent: { models: [unknown] } }).error).toMatchObject({
      code: 'model_not_configured',
    });
    expect(await start({ agent: {} }).error).toMatchObject({ code: 'model_loading' });
  });

  test("an agent without a model uses the server's own list, and one that names a model calls it alone", async () => {
    const { start } = open({}, { defaultModels: [...three].reverse() });
    expect(await start({ agent: {} }).outcome).toMatchObject({ model: 'third/m3' });
    expect(third.calls()[0]?.path).toBe('/v1/responses');
    third.replyAlways(scripts.status(401));
    expect(await start({ agent: { model: 'own' } }).error).toMatchObject({ model: 'third/own', calls: 1 });
    expect(counts()).toEqual([0, 0, 2]);
  });

  test('all models of a step share its time', async () => {
    first.replyAlways(scripts.neverEnding());
    second.replyAlways(scripts.neverEnding());
    const { start } = open({ firstPieceMaxMs: 150, stepTimeMaxMs: 200 });
    const error = await start().error;
    expect(error).toMatchObject({ code: 'model_timeout', model: 'second/m2' });
    expect(String((error as Error).cause)).toContain('one step');
  });
});

describe('a model that fails after some text', () => {
  const half: [string, ModelScript][] = [
    ['is cut', scripts.cutAfter('Half')],
    ['reports an error', scripts.errorAfter(['Half'])],
  ];

  test.each(half)(
    'a model that fails after some text and %s is replaced by the next one, once the text is voided',
    async (_, script) => {
      first.reply(script);
      const log: string[] = [];
      const { start } = open();
      const run = start({
        emit: ifText((text) => log.push(text)),
        restartText: async () => {
          expect(second.calls()).toHaveLength(0);
          log.push('(restart)');
        },
      });
      expect(await run.outcome).toMatchObject({ text: 'You said: hi', model: 'second/m2' });
      expect(log.join('')).toBe('Half(restart)You said: hi');
    },
  );

  test('a model that fails after some text and falls silent is replaced by the next one', async () => {
    first.reply(scripts.neverEnding('Half'));
    const { start } = open({ silenceMaxMs: 100 });
    const run = start({ restartText: async () => undefined });
    expect(await run.outcome).toMatchObject({ text: 'You said: hi', model: 'second/m2' });
  });

  test('a failure after some text ends the answer if the text cannot be voided', async () => {
    first.reply(scripts.cutAfter('Half'));
    expect(await open().start().error).toMatchObject({ code: 'model_failed', model: 'm1' });
    expect(counts()).toEqual([1, 0, 0]);
  });

  test('a failure to void the text ends the answer, and no other model is called', async () => {
    first.reply(scripts.cutAfter('Half'));
    const lost = new Error('the lease is lost');
    const restartText = () => Promise.reject(lost);
    expect(await open().start({ restartText }).error).toBe(lost);
    expect(counts()).toEqual([1, 0, 0]);
  });

  test('a failure after some text keeps the earlier steps, whose tools are not called again', async () => {
    first.reply(
      scripts.toolCalls([{ name: 'weather', arguments: { city: 'Rome' } }], 'I look.'),
      scripts.cutAfter('It is'),
    );
    second.reply(scripts.echoResults());
    const log: string[] = [];
    const steps: (readonly ToolStep[])[] = [];
    const run = open().start({
      agent: { models, tools: [weather] },
      emit: ifText((text) => log.push(text)),
      restartText: async () => void log.push('(restart)'),
      saveToolSteps: async (saved) => void steps.push(saved),
    });
    expect(await run.outcome).toMatchObject({
      text: 'I look.\n\nResults: {"ok":true}',
      ...{ model: 'second/m2', calls: 1 },
      others: [{ model: 'm1', calls: 2 }],
    });
    expect(log.join('')).toBe('I look.\n\nIt is(restart)I look.\n\nResults: {"ok":true}');
    expect(tool.calls()).toHaveLength(1);
    expect(steps).toHaveLength(2);
  });
});

describe('after a step that another model wrote', () => {
  const signed: ModelScript = (call) => {
    const extra_content = { google: { thought_signature: 'c2ln' } };
    const called = { name: 'weather', arguments: '{}' };
    call.toolCall({ index: 0, id: 'a', function: called, extra_content });
    call.finish({ reason: 'tool_calls' });
  };
  const given = (server: ScriptedModel) => JSON.stringify(server.calls().at(-1)?.sent);

  test('a model does not get the opaque fields of another one, also in another process', async () => {
    first.reply(signed, scripts.status(500));
    const steps: (readonly ToolStep[])[] = [];
    const saveToolSteps = async (saved: readonly ToolStep[]) => void steps.push(saved);
    const agent = { models, tools: [weather] };
    await open().start({ agent, saveToolSteps }).outcome;
    expect(given(first)).toContain('thought_signature');
    expect(given(second)).toContain('tool_calls');
    expect(given(second)).not.toContain('thought_signature');
    first.reply(scripts.status(500));
    await open().start({ agent, steps: steps.at(-1) }).outcome;
    expect(given(first)).toContain('thought_signature');
    expect(given(second)).not.toContain('thought_signature');
  });

  test('the model that answered last is called first', async () => {
    first.reply(scripts.status(500));
    second.reply(scripts.toolCalls([{ name: 'weather', arguments: {} }]), scripts.text('Done.'));
    const { start } = open();
    expect(await start({ agent: { models, tools: [weather] } }).outcome).toMatchObject({ text: 'Done.' });
    expect(counts()).toEqual([1, 2, 0]);
  });
});

describe('the use of each model', () => {
  test('the usage of each model is reported separately when another one answers, and estimated if its server reports none', async () => {
    first.reply(scripts.cutAfter('Half'));
    const run = open().start({ restartText: async () => undefined });
    expect(await run.outcome).toMatchObject({
      ...{ model: 'second/m2', calls: 1, usage: { inputTokens: 1, outputTokens: 1 } },
      others: [{ model: 'm1', calls: 1, isEstimated: true, usage: { inputTokens: 5, outputTokens: 6 } }],
    });
  });

  test('the usage of each model is reported separately when all fail', async () => {
    first.reply(scripts.status(500));
    second.replyAlways(scripts.status(401));
    expect(await open().start().error).toMatchObject({
      ...{ model: 'second/m2', calls: 1 },
      others: [{ model: 'm1', calls: 1 }],
    });
  });

  test('the usage of each model is reported separately when the answer is stopped', async () => {
    first.reply(scripts.status(500));
    second.reply(scripts.neverEnding('so far'));
    const controller = new AbortController();
    const spent: AgentSpent[] = [];
    const run = open().start({ signal: controller.signal, onAbort: (usage) => spent.push(usage) });
    await run.nextPiece();
    controller.abort(new Error('stopped'));
    await run.error;
    expect(spent).toMatchObject([{ model: 'second/m2', calls: 1, others: [{ model: 'm1', calls: 1 }] }]);
  });
});

describe('the circuit of a model', () => {
  const failing = { circuitFailuresMax: 2, circuitOpenMs: 60_000 };

  test('a circuit opens after failures in a row, and then the others are called first', async () => {
    first.replyAlways(scripts.status(500));
    const circuits = new ModelCircuits(failing);
    const { start } = open({}, { circuits });
    for (let run = 0; run < 4; run++) await start().outcome;
    expect(counts()).toEqual([2, 4, 0]);
    expect(circuits.counts()).toEqual([{ provider: 'default', open: 1, halfOpen: 0 }]);
  });

  test('a model with an open circuit answers when no other one can', async () => {
    first.replyAlways(scripts.status(500));
    const circuits = new ModelCircuits(failing);
    const { start } = open({}, { circuits });
    for (let run = 0; run < 2; run++) await start().outcome;
    first.replyAlways(scripts.echo());
    second.replyAlways(scripts.status(500));
    expect(await start().outcome).toMatchObject({ model: 'm1' });
    expect(circuits.counts()).toEqual([]);
  });

  test('the only model of an agent is called also with an open circuit', async () => {
    first.replyAlways(scripts.status(401));
    const { start } = open({}, { circuits: new ModelCircuits(failing) });
    for (let run = 0; run < 4; run++) await start({ agent: {} }).error;
    expect(first.calls()).toHaveLength(4);
  });

  test('an open circuit is probed by one answer after a while and closes when that succeeds', async () => {
    first.replyAlways(scripts.status(500));
    const circuits = new ModelCircuits({ ...failing, circuitOpenMs: 1 });
    const { start } = open({}, { circuits });
    for (let run = 0; run < 2; run++) await start().outcome;
    await expect.poll(() => circuits.isOpen({ provider: 'default', model: 'm1' })).toBe(false);
    first.replyAlways(scripts.echo());
    const gate = first.hold();
    const next = first.nextCall();
    const probe = start();
    await next;
    expect(circuits.counts()).toEqual([{ provider: 'default', open: 0, halfOpen: 1 }]);
    expect(await start().outcome).toMatchObject({ model: 'second/m2' });
    gate.release();
    expect(await probe.outcome).toMatchObject({ model: 'm1' });
    expect(circuits.counts()).toEqual([]);
  });

  test('a rejected message does not open the circuit, and a stopped probe is repeated', async () => {
    const circuits = new ModelCircuits({ ...failing, circuitOpenMs: 1 });
    const { start } = open({}, { circuits });
    await start().outcome;
    first.reply(scripts.status(400), scripts.status(400), scripts.status(400));
    for (let run = 0; run < 3; run++) await start().error;
    expect(circuits.counts()).toEqual([]);

    first.replyAlways(scripts.status(500));
    for (let run = 0; run < 2; run++) await start().outcome;
    await expect.poll(() => circuits.isOpen({ provider: 'default', model: 'm1' })).toBe(false);
    first.replyAlways(scripts.neverEnding());
    const controller = new AbortController();
    const next = first.nextCall();
    const probe = start({ signal: controller.signal });
    await next;
    controller.abort(new Error('stopped'));
    await probe.error;
    first.replyAlways(scripts.echo());
    expect(await start().outcome).toMatchObject({ model: 'm1' });
  });
});
