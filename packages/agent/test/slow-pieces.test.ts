import { type ScriptedCall, scripts, startScriptedTool } from '@parley/agent/testing';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { defaultBounds } from '../src/bounds.ts';
import type { ModelApi } from '../src/index.ts';
import { ChunkReader } from '../src/openai/chat-completions/chunk-reader.ts';
import { ResponseEventReader } from '../src/openai/responses/response-event-reader.ts';
import { type Running, startHarness } from './harness.ts';

/*
 * Answers whose pieces come slowly, with the default bounds. The clock is set forward between the pieces, once the
 * agent has read the one before.
 */

let onRead = () => {};
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  for (const { prototype } of [ChunkReader, ResponseEventReader]) {
    const { takeEvent } = prototype;
    vi.spyOn(prototype, 'takeEvent').mockImplementation(function (this: never, data, name) {
      takeEvent.call(this, data, name);
      onRead();
    });
  }
});
afterEach(() => {
  vi.useRealTimers();
});

const open = (api?: ModelApi) => startHarness({}, { toolAddresses: { arePrivateAllowed: true } }, api);

interface InFlight {
  readonly run: Running;
  readonly call: ScriptedCall;
}

/** Sends one event, and sets the clock forward when the agent has read it. A run that fails rejects. */
async function sendSlowly({ run, call }: InFlight, event: string, ms: number): Promise<void> {
  const isRead = new Promise<void>((resolve) => {
    onRead = resolve;
  });
  call.raw(event);
  await Promise.race([isRead, run.outcome]);
  vi.advanceTimersByTime(ms);
}

const chunk = (delta: object, reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
const event = (type: string, delta: string) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, output_index: 0, item_id: 'rs_0', delta })}\n\n`;

describe('a model that thinks for longer than it may be silent', () => {
  const { firstPieceMaxMs, silenceMaxMs } = defaultBounds;
  const pauseMs = Math.min(firstPieceMaxMs, silenceMaxMs) - 1;

  test.each<[string, ModelApi, string]>([
    ['reasoning_content', 'chat', chunk({ reasoning_content: 'Hm. ' })],
    ['reasoning', 'chat', chunk({ reasoning: 'Hm. ' })],
    ['thinking parts', 'chat', chunk({ content: [{ type: 'thinking', thinking: [{ text: 'Hm. ' }] }] })],
    ['think tags', 'chat', chunk({ content: '<think>Hm. ' })],
    ['reasoning text of the Responses API', 'responses', event('response.reasoning_text.delta', 'Hm. ')],
    ['a summary of the Responses API', 'responses', event('response.reasoning_summary_text.delta', 'Hm. ')],
  ])('a model that first sends only %s, for longer than it may be silent, answers', async (_, api, piece) => {
    const { model, start } = await open(api);
    model.reply(() => undefined);
    const next = model.nextCall();
    const run = start();
    const call = await next;
    for (let sentMs = 0; sentMs <= firstPieceMaxMs + silenceMaxMs; sentMs += pauseMs)
      await sendSlowly({ run, call }, piece, pauseMs);
    if (piece.includes('<think>')) call.raw(chunk({ content: '</think>' }));
    call.text('Done.');
    call.finish();
    expect(await run.outcome).toMatchObject({ text: 'Done.', calls: 1 });
  });
});

describe('a finish reason before the end of a call', () => {
  test('a call is whole if the reason comes with its first piece and its arguments come slowly', async () => {
    const { model, start } = await open();
    const tool = await startScriptedTool();
    onTestFinished(tool.stop);
    model.reply(() => undefined, scripts.echoResults());
    const next = model.nextCall();
    const run = start({
      agent: {
        tools: [{ name: 'weather', description: 'Tells the weather.', parameters: {}, url: tool.url }],
      },
    });
    const call = await next;
    const pauseMs = defaultBounds.tailMaxMs - 1;
    const first = { index: 0, id: 'a', function: { name: 'weather', arguments: '' } };
    await sendSlowly({ run, call }, chunk({ tool_calls: [first] }, 'tool_calls'), pauseMs);
    for (const written of ['{"city"', ':"Os', 'lo"}'])
      await sendSlowly(
        { run, call },
        chunk({ tool_calls: [{ index: 0, function: { arguments: written } }] }),
        pauseMs,
      );
    call.raw('data: [DONE]\n\n');
    call.end();
    expect(await run.outcome).toMatchObject({ text: 'Results: {"ok":true}' });
    expect(tool.calls().map(({ body }) => body)).toEqual(['{"city":"Oslo"}']);
  });
});
