import { type ModelScript, scripts } from '@parley/agent/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { createRunAgent, ModelError } from '../src/index.ts';
import { type Harness, startHarness, startRun } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  // The server has accepted stream_options once, so that later rejections mean something else.
  await harness.start().outcome;
});

describe('a call that fails before anything was emitted', () => {
  test.each([
    ['429', scripts.status(429)],
    ['500', scripts.status(500)],
    ['503', scripts.status(503)],
    ['408', scripts.status(408)],
    ['409', scripts.status(409)],
    ['a connection that breaks before the answer', (call) => call.cut()],
    ['a stream that breaks before the first piece', scripts.cutAfter()],
    ['a stream that ends without anything', scripts.unfinishedAfter()],
    ['a stream that ends with its mark alone', scripts.raw('data: [DONE]\n\n')],
    ['a whole JSON answer without text', (call) => call.status(200, { choices: [] })],
    ['broken JSON', scripts.raw('{"choices":[')],
    ['a broken chunk', scripts.brokenChunkAfter()],
    ['an error in the stream', scripts.errorAfter([])],
    ['an error of 503 in the stream', scripts.errorAfter([], 503)],
    ['an error event', scripts.raw('event: error\ndata: {"message":"scripted"}\n\n')],
    ['an answer without text', scripts.text([])],
  ] as [string, ModelScript][])(
    'a call that fails by %s is repeated, and the answer counts the calls',
    async (_, script) => {
      harness.model.reply(script, script);
      const run = harness.start();
      expect(await run.outcome).toMatchObject({ text: 'You said: hi', calls: 3 });
      expect(run.pieces.join('')).toBe('You said: hi');
    },
  );

  test.each([
    ['model_rate_limited', scripts.status(429)],
    ['model_failed', scripts.status(500)],
    ['model_timeout', scripts.status(504)],
    ['model_failed', scripts.cutAfter()],
    ['model_failed', scripts.text([])],
    ['model_rate_limited', scripts.errorAfter([], 429)],
  ] as const)('a call that fails three times by %s is %s', async (code, script) => {
    harness.model.reply(script, script, script);
    const error = await harness.start().error;
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ code, calls: 3 });
  });

  test.each([
    [400, 'model_refused'],
    [401, 'model_key_refused'],
    [403, 'model_key_refused'],
    [404, 'model_not_found'],
    [422, 'model_refused'],
  ])('a call that fails by %i is %s at once', async (status, code) => {
    harness.model.reply(scripts.status(status));
    expect(await harness.start().error).toMatchObject({ code, calls: 1 });
  });

  test.each([
    ['in a chunk', scripts.errorAfter([], 400)],
    ['in a chunk that is one', scripts.raw('data: {"object":"error","message":"no","code":400}\n\n')],
    ['in an event', scripts.raw('event: error\ndata: {"message":"no","code":"400"}\n\n')],
    ['in an event without a field', scripts.raw(`: hi\n\n{"error":{"message":"no","code":400}}\n\n`)],
  ])('a call that fails by a rejection %s of the stream is rejected at once', async (_, script) => {
    harness.model.reply(script);
    expect(await harness.start().error).toMatchObject({ code: 'model_refused', calls: 1 });
  });

  test.each([
    ['content_filter', 'model_refused'],
    ['length', 'model_failed'],
    ['tool_calls', 'model_failed'],
  ])('an empty answer (%s) would fail again, so it is %s at once', async (reason, code) => {
    harness.model.reply(scripts.text([], { reason }));
    expect(await harness.start().error).toMatchObject({
      code,
      calls: 1,
      usage: { inputTokens: 1, outputTokens: 1 },
    });
  });

  test('a failed call is paid for: the usage of all calls is added up', async () => {
    harness.model.reply(scripts.text([]), scripts.text([]));
    expect(await harness.start().outcome).toMatchObject({
      usage: { inputTokens: 3, outputTokens: 3 },
      calls: 3,
    });
  });

  test('a repeated call waits as long as the server asks', async () => {
    harness.model.reply(scripts.status(429, { headers: { 'retry-after-ms': '40' } }));
    const started = performance.now();
    expect(await harness.start().outcome).toMatchObject({ calls: 2 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(39);
  });

  test('a wait that the server asked for is reported, and the caller’s own pauses are not', async () => {
    const waits: (Date | undefined)[] = [];
    harness.model.reply(scripts.status(500), scripts.status(429, { headers: { 'retry-after-ms': '40' } }));
    const before = Date.now();
    await harness.start({ onWait: (until) => waits.push(until) }).outcome;
    expect(waits).toEqual([expect.any(Date), undefined]);
    expect(waits[0]?.getTime()).toBeGreaterThanOrEqual(before + 40);
  });

  test('a failure is final and says how long if the server asks for more than 20 seconds', async () => {
    harness.model.reply(scripts.status(429, { headers: { 'retry-after': '21' } }));
    const error = await harness.start().error;
    expect(error).toMatchObject({ code: 'model_rate_limited', calls: 1, retryAt: expect.any(Date) });
    expect((error as ModelError).logFields).toMatchObject({ retryAfterMs: 21_000, status: 429 });
  });

  test('resets before the first byte cause three calls, also if the first used a kept connection', async () => {
    const before = harness.model.calls().length;
    harness.model.reply(
      (call) => call.cut(),
      (call) => call.cut(),
      (call) => call.cut(),
    );
    expect(await harness.start().error).toMatchObject({ code: 'model_failed', calls: 3 });
    expect(harness.model.calls()).toHaveLength(before + 3);
  });

  test('a connection that cannot be made is tried again and then fails', async () => {
    await harness.model.stop();
    const error = await harness.start().error;
    expect(error).toMatchObject({ code: 'model_unreachable', calls: 3, needsOperator: true });
    expect((error as Error).cause).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
  });
});

describe('a call that fails after a piece was emitted', () => {
  test.each([
    ['a broken connection', scripts.cutAfter('Hel', 'lo')],
    ['an end without a finish reason', scripts.unfinishedAfter('Hello')],
    ['a broken chunk', scripts.brokenChunkAfter('Hello')],
    ['an error in the stream', scripts.errorAfter(['Hello'])],
    ['an error as its finish reason', scripts.text('Hello', { reason: 'error' })],
  ] as [string, ModelScript][])(
    'a call that fails by %s after a piece is final, so no text is repeated',
    async (_, script) => {
      harness.model.reply(script);
      const run = harness.start();
      expect(await run.error).toMatchObject({ code: 'model_failed', calls: 1 });
      expect(run.pieces.join('')).toBe('Hello');
    },
  );

  test('a call that fails after a piece closes the connection, so that the model stops', async () => {
    harness.model.reply((call) => {
      call.text('Hello');
      call.raw('data: {broken\n\n');
    });
    const next = harness.model.nextCall();
    await harness.start().error;
    await (await next).aborted;
  });
});

describe('the content of a failure', () => {
  const canary = 'canary-in-the-conversation';

  test('a failure has neither the key nor messages and answers, in its message or its causes', async () => {
    harness.model.reply(
      scripts.status(500, { message: `key sk-test-key: cannot say ${canary}` }),
      scripts.raw(`data: {"broken": ${canary}\n\n`),
      scripts.status(400, { message: `sk-test-key ${canary}` }),
    );
    for (const calls of [3, 1]) {
      const error = await harness.start({ messages: [{ role: 'user', content: canary }] }).error;
      const texts: string[] = [];
      for (let at: unknown = error; at instanceof Error; at = at.cause) {
        texts.push(at.message, at.stack ?? '', JSON.stringify(at));
      }
      expect(texts.join('\n')).not.toMatch(/canary|sk-test/);
      expect(error).toMatchObject({ calls });
      harness.model.reply(scripts.status(401, { message: `bad key sk-test-key for ${canary}` }));
    }
  });

  test('a failure neither hides nor reveals a key that no header can contain', async () => {
    const runAgent = createRunAgent({
      endpoint: () => ({ baseUrl: harness.model.baseUrl, apiKey: 'sk-broken\nkey', model: 'm' }),
      contextTokens: 100,
    });
    const error = await startRun(runAgent).error;
    expect(error).toMatchObject({ code: 'model_refused', calls: 0 });
    expect(String((error as Error).cause)).not.toContain('sk-broken');
  });

  test('a failure of the caller itself is passed on unchanged and ends the call', async () => {
    const bug = new Error('emit is broken');
    harness.model.reply(scripts.neverEnding('Hello'));
    const next = harness.model.nextCall();
    const run = harness.start({
      emit: () => {
        throw bug;
      },
    });
    expect(await run.error).toBe(bug);
    await (await next).aborted;
  });
});

test('a kept connection that the server closes at its next use is replaced at once', async () => {
  // With a longer pause before the next call, the test would time out.
  const patient = await startHarness({ retryDelayMs: 3_600_000, turnTimeMaxMs: 10_000_000 });
  await patient.start().outcome;
  patient.model.reply((call) => call.cut());
  expect(await patient.start().outcome).toMatchObject({ text: 'You said: hi', calls: 2 });
});
