import { type AddressInfo, createServer, type Socket } from 'node:net';
import { scripts } from '@parley/agent/testing';
import { describe, expect, test } from 'vitest';
import { type AgentSpent, createRunAgent } from '../src/index.ts';
import { type Harness, ifText, startHarness, startRun } from './harness.ts';

describe('a run that is aborted', () => {
  const reason = new Error('the lease is lost');

  /** The usage that a run reports when it is stopped after its first piece. */
  async function spentUntilStopped(start: Harness['start']): Promise<AgentSpent[]> {
    const controller = new AbortController();
    const spent: AgentSpent[] = [];
    const run = start({ signal: controller.signal, onAbort: (usage) => spent.push(usage) });
    await run.nextPiece();
    controller.abort(reason);
    await run.error;
    return spent;
  }

  test('a run that is aborted before it began calls no model', async () => {
    const { model, start } = await startHarness();
    expect(await start({ signal: AbortSignal.abort(reason) }).error).toBe(reason);
    expect(model.calls()).toHaveLength(0);
  });

  test('a run that is aborted before its request sends none', async () => {
    const { model, start } = await startHarness();
    const controller = new AbortController();
    const run = start({ signal: controller.signal });
    controller.abort(reason);
    expect(await run.error).toBe(reason);
    expect(model.calls()).toHaveLength(0);
  });

  test('a run that is aborted before the answer disconnects and rejects with the reason', async () => {
    const { model, start } = await startHarness();
    model.hold();
    const next = model.nextCall();
    const controller = new AbortController();
    const run = start({ signal: controller.signal });
    const call = await next;
    controller.abort(reason);
    expect(await run.error).toBe(reason);
    await call.aborted;
  });

  test('a run that is aborted within the answer emits nothing more and disconnects', async () => {
    const { model, start } = await startHarness();
    model.reply(scripts.neverEnding('Hel'));
    const next = model.nextCall();
    const controller = new AbortController();
    const run = start({ signal: controller.signal });
    await run.nextPiece();
    controller.abort(reason);
    const call = await next;
    call.text('lo');
    expect(await run.error).toBe(reason);
    await call.aborted;
    expect(run.pieces).toEqual(['Hel']);
  });

  test('an aborted run reports its usage: that of earlier calls, and an estimate of the current one', async () => {
    const { model, start } = await startHarness();
    model.reply(scripts.text('', { usage: { prompt_tokens: 100, completion_tokens: 10 } }));
    model.reply(scripts.neverEnding('Hello'));
    const spent = await spentUntilStopped(start);
    const usage = { inputTokens: 100 + 5, outputTokens: 10 + 6 };
    expect(spent).toEqual([{ model: 'default-model', calls: 2, usage }]);
  });

  test('an aborted run reports the server’s usage of the current call if there is one', async () => {
    const { model, start } = await startHarness();
    model.reply((call) => {
      const usage = { prompt_tokens: 70, completion_tokens: 3 };
      call.chunk({ choices: [{ index: 0, delta: { content: 'Hello' } }], usage });
    });
    const spent = await spentUntilStopped(start);
    expect(spent).toMatchObject([{ usage: { inputTokens: 70, outputTokens: 3 } }]);
  });

  test('a run that is aborted before the call reports no usage', async () => {
    const { start } = await startHarness();
    const spent: AgentSpent[] = [];
    await start({ signal: AbortSignal.abort(reason), onAbort: (usage) => spent.push(usage) }).error;
    expect(spent).toEqual([]);
  });

  test('a run that is aborted by the piece it emits ends there', async () => {
    const { model, start } = await startHarness();
    model.reply(scripts.neverEnding('Hel', 'lo'));
    const controller = new AbortController();
    const pieces: string[] = [];
    const run = start({
      signal: controller.signal,
      emit: ifText((text) => {
        pieces.push(text);
        controller.abort(reason);
      }),
    });
    expect(await run.error).toBe(reason);
    expect(pieces).toHaveLength(1);
  });

  test('a run that is aborted between two calls does not wait for the second', async () => {
    const { model, start } = await startHarness({ retryDelayMs: 3_600_000, turnTimeMaxMs: 10_000_000 });
    model.reply(scripts.status(500));
    const next = model.nextCall();
    const controller = new AbortController();
    const run = start({ signal: controller.signal });
    await (await next).closed;
    controller.abort(reason);
    expect(await run.error).toBe(reason);
    expect(model.calls()).toHaveLength(1);
  });

  test('a run leaves no listener on the signal, aborted or not', async () => {
    const { model, start } = await startHarness();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    model.reply(scripts.echo(), scripts.status(401));
    await start({ signal }).outcome;
    await start({ signal }).error;
    expect(listeners).toBe(0);
  });
});

describe('a model that takes too long', () => {
  test('a model that does not begin to answer is disconnected and not called again', async () => {
    const { model, start } = await startHarness({ firstPieceMaxMs: 30 });
    model.reply(scripts.neverEnding());
    const next = model.nextCall();
    expect(await start().error).toMatchObject({ code: 'model_timeout', calls: 1 });
    await (await next).aborted;
  });

  test('a model may take the whole time of the turn and is then disconnected', async () => {
    const { model, start } = await startHarness({ turnTimeMaxMs: 300, silenceMaxMs: 10 });
    model.hold();
    const next = model.nextCall();
    expect(await start().error).toMatchObject({ code: 'model_timeout', calls: 1 });
    await (await next).aborted;
  });

  test('a model that falls silent within the answer is disconnected and not called again', async () => {
    const { model, start } = await startHarness({ silenceMaxMs: 30 });
    model.reply(scripts.neverEnding('Hello'));
    const next = model.nextCall();
    const run = start();
    expect(await run.error).toMatchObject({ code: 'model_timeout', calls: 1 });
    await (await next).aborted;
    expect(run.pieces).toEqual(['Hello']);
  });

  test('a model that never ends is stopped at the end of the turn’s time', async () => {
    const { model, start } = await startHarness({ turnTimeMaxMs: 300, silenceMaxMs: 1_000 });
    model.reply((call) => {
      const timer = setInterval(() => call.text('on and '), 5);
      void call.closed.then(() => clearInterval(timer));
    });
    const run = start();
    expect(await run.error).toMatchObject({ code: 'model_timeout', calls: 1 });
    expect(run.pieces.length).toBeGreaterThan(1);
  });

  test('all calls of an answer share one time', async () => {
    const { model, start } = await startHarness({ turnTimeMaxMs: 400 });
    model.reply(scripts.status(500));
    model.replyAlways(scripts.neverEnding());
    expect(await start().error).toMatchObject({ code: 'model_timeout', calls: 2 });
  });
});

test('a server that never completes its handshake is given up', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const runAgent = createRunAgent({
    endpoint: () => ({ baseUrl: `https://127.0.0.1:${port}/v1`, apiKey: 'k', model: 'm' }),
    contextTokens: 100,
    bounds: { connectMaxMs: 50, retryDelayMs: 1 },
  });
  const error = await startRun(runAgent).error;
  expect(error).toMatchObject({ code: 'model_unreachable', calls: 3 });
  expect((error as Error).cause).toMatchObject({ message: expect.stringContaining('took too long') });
  expect(sockets).toHaveLength(3);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
