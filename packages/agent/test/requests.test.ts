import { type ModelScript, scripts, startScriptedModel } from '@parley/agent/testing';
import { ApiError } from '@parley/contract';
import OpenAI from 'openai';
import { describe, expect, test, vi } from 'vitest';
import { createRunAgent } from '../src/index.ts';
import { type Harness, startHarness, startRun } from './harness.ts';

const harness = await startHarness();

/** The request that this run sent to the model. */
async function askedBy(input: Parameters<Harness['start']>[0]) {
  const next = harness.model.nextCall();
  await harness.start(input).outcome;
  return await next;
}

describe('the request to the model', () => {
  test('the request is a streamed chat completion with usage, of the default model and with the key', async () => {
    const call = await askedBy({});
    expect(call.path).toBe('/v1/chat/completions');
    expect(call.headers.authorization).toBe('Bearer sk-test-key');
    expect(call.body).toEqual({
      model: 'default-model',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test("the request has the agent's own model, temperature and prompt, also a temperature of zero", async () => {
    const call = await askedBy({ agent: { model: 'other', temperature: 0, systemPrompt: 'Be kind.' } });
    expect(call.body).toMatchObject({ model: 'other', temperature: 0 });
    expect(call.body.messages[0]).toEqual({ role: 'system', content: 'Be kind.' });
  });

  test('the request has the history within its budget, in a valid order', async () => {
    const call = await askedBy({
      messages: [
        { role: 'user', content: 'x'.repeat(3_000) },
        { role: 'assistant', content: 'long ago' },
        { role: 'user', content: 'failed' },
        { role: 'assistant', content: '' },
        { role: 'user', content: 'again' },
      ],
    });
    expect(call.body.messages).toEqual([{ role: 'user', content: 'failed\n\nagain' }]);
  });

  test('no request is sent without a message to answer, which is a bug of the caller', async () => {
    const before = harness.model.calls().length;
    expect(await harness.start({ messages: [] }).error).toBeInstanceOf(RangeError);
    expect(harness.model.calls()).toHaveLength(before);
  });
});

describe('the endpoint', () => {
  test('the endpoint is read for every answer and may reject', async () => {
    const apiError = new ApiError('model_loading');
    const runAgent = createRunAgent({
      endpoint: () => {
        throw apiError;
      },
      contextTokens: 100,
    });
    expect(await startRun(runAgent).error).toBe(apiError);
  });

  test('the endpoint may change from one answer to the next', async () => {
    const other = await startScriptedModel();
    const urls = [harness.model.baseUrl, other.baseUrl, harness.model.baseUrl];
    const runAgent = createRunAgent({
      endpoint: () => ({ baseUrl: urls.shift() ?? '', apiKey: 'k', model: 'm' }),
      contextTokens: 100,
    });
    const before = harness.model.calls().length;
    for (let index = 0; index < 3; index++) await startRun(runAgent).outcome;
    expect(harness.model.calls()).toHaveLength(before + 2);
    expect(other.calls()).toHaveLength(1);
    await other.stop();
  });

  test('the endpoint needs no key', async () => {
    const runAgent = createRunAgent({
      endpoint: () => ({ baseUrl: harness.model.baseUrl, apiKey: '', model: 'm' }),
      contextTokens: 100,
    });
    expect(await startRun(runAgent).outcome).toMatchObject({ calls: 1 });
  });

  test('an endpoint with an invalid address rejects', async () => {
    const runAgent = createRunAgent({
      endpoint: () => ({ baseUrl: 'localhost 11434', apiKey: 'k', model: 'm' }),
      contextTokens: 100,
    });
    expect(await startRun(runAgent).error).toMatchObject({ code: 'model_refused', calls: 0 });
  });

  test('the endpoint keeps its connection from one answer to the next, also after an error', async () => {
    const fresh = await startHarness();
    const ports = new Set<number | undefined>();
    const script = scripts.echo();
    fresh.model.reply(
      (call) => {
        ports.add(call.clientPort);
        return script(call);
      },
      (call) => {
        ports.add(call.clientPort);
        call.status(400, { error: { message: 'no' } });
      },
      (call) => {
        ports.add(call.clientPort);
        return script(call);
      },
    );
    await fresh.start().outcome;
    await fresh.start().error;
    await fresh.start().outcome;
    expect(ports.size).toBe(1);
  });
});

describe('a server that rejects a part of a request', () => {
  const rejecting =
    (field: string, message: string): ModelScript =>
    (call) =>
      field in call.body ? call.status(400, { error: { message } }) : scripts.echo()(call);

  test('the request is repeated without the rejected part, and later requests to this model lack it', async () => {
    const fresh = await startHarness();
    await fresh.start().outcome;
    fresh.model.replyAlways(rejecting('temperature', 'temperature is not supported'));
    const agent = { temperature: 0.5 };
    expect(await fresh.start({ agent }).outcome).toMatchObject({ text: 'You said: hi', calls: 2 });
    expect(await fresh.start({ agent }).outcome).toMatchObject({ calls: 1 });
    expect(await fresh.start({ agent: { ...agent, model: 'other' } }).outcome).toMatchObject({ calls: 2 });
  });

  test('the system prompt goes into the first message if the server accepts no system role', async () => {
    const fresh = await startHarness();
    await fresh.start().outcome;
    fresh.model.reply(scripts.status(400, { message: 'System role not supported' }));
    await fresh.start({ agent: { systemPrompt: 'Be kind.' } }).outcome;
    expect(fresh.model.calls().at(-1)?.body.messages).toEqual([{ role: 'user', content: 'Be kind.\n\nhi' }]);
  });

  test('a server may reject two parts, one after the other', async () => {
    const fresh = await startHarness();
    fresh.model.replyAlways((call) => {
      if (call.body.stream_options) call.status(400, { error: { message: 'stream_options?' } });
      else return rejecting('temperature', 'temperature?')(call);
    });
    expect(await fresh.start({ agent: { temperature: 1 } }).outcome).toMatchObject({ calls: 3 });
  });
});

describe('a server that rejects stream_options', () => {
  test('the request is repeated without stream_options, and later requests lack it', async () => {
    const fresh = await startHarness();
    fresh.model.replyAlways(scripts.rejectingStreamOptions());
    expect(await fresh.start().outcome).toMatchObject({ text: 'You said: hi', usage: undefined, calls: 2 });
    expect(await fresh.start().outcome).toMatchObject({ calls: 1 });
    expect(fresh.model.calls().map(({ body }) => body.stream_options !== undefined)).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('a server that rejects stream_options is recognized by any rejection until it has accepted them', async () => {
    const fresh = await startHarness();
    fresh.model.reply(scripts.status(422, { message: 'validation failed' }));
    expect(await fresh.start().outcome).toMatchObject({ calls: 2 });
  });

  test('a rejection is final once the server has accepted stream_options', async () => {
    const fresh = await startHarness();
    await fresh.start().outcome;
    fresh.model.reply(scripts.status(400, { message: 'no such thing' }));
    expect(await fresh.start().error).toMatchObject({ code: 'model_refused', calls: 1 });
    fresh.model.reply(scripts.status(400, { message: 'unknown field stream_options' }));
    expect(await fresh.start().outcome).toMatchObject({ calls: 2 });
  });

  test('a server that also rejects requests without stream_options does not count as one', async () => {
    const fresh = await startHarness();
    fresh.model.reply(scripts.status(400), scripts.status(400));
    expect(await fresh.start().error).toMatchObject({ code: 'model_refused', calls: 2 });
    const next = fresh.model.nextCall();
    await fresh.start().outcome;
    expect((await next).body.stream_options).toEqual({ include_usage: true });
  });
});

test('the package builds the address and headers for a server once, also for the first messages at the same time', async () => {
  const build = vi.spyOn(OpenAI.prototype, 'buildRequest');
  const [fresh, other] = [await startHarness(), await startHarness()];
  await Promise.all([fresh.start().outcome, fresh.start().outcome]);
  await fresh.start().outcome;
  expect(build).toHaveBeenCalledTimes(1);
  await other.start().outcome;
  expect(build).toHaveBeenCalledTimes(2);
});
