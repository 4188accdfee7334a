import { echoOf, type ModelScript, scripts } from '@parley/agent/testing';
import { describe, expect, test } from 'vitest';
import { startHarness } from './harness.ts';

const harness = await startHarness({ answerLengthMax: 2_000 });

describe('an answer', () => {
  test('an answer is the text of all pieces, with the model’s metadata', async () => {
    harness.model.reply(scripts.text(['Hel', 'lo ', 'you']));
    const run = harness.start();
    expect(await run.outcome).toEqual({
      text: 'Hello you',
      finishReason: 'stop',
      model: 'default-model',
      usage: { inputTokens: 1, outputTokens: 1 },
      calls: 1,
    });
    expect(run.pieces.join('')).toBe('Hello you');
  });

  test('an answer is emitted piece by piece while the model still writes', async () => {
    const { run, call } = await startHeld();
    for (const piece of ['one', ' two', ' three']) {
      const emitted = run.nextPiece();
      call.text(piece);
      expect(await emitted).toBe(piece);
    }
    call.finish();
    expect((await run.outcome).text).toBe('one two three');
  });

  test('pieces that arrive together are emitted at once', async () => {
    harness.model.reply((call) => {
      call.raw(['a', 'b', 'c'].map((content) => chunkOf({ content })).join(''));
      call.finish();
    });
    const run = harness.start();
    await run.outcome;
    expect(run.pieces).toEqual(['abc']);
  });

  test('an answer names the model that gave it if the server does', async () => {
    harness.model.reply((call) => {
      call.chunk({ model: 'default-model-2026-05-04', choices: [{ index: 0, delta: { content: 'x' } }] });
      call.chunk({ model: '', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
      call.raw('data: [DONE]\n\n');
      call.end();
    });
    expect(await harness.start().outcome).toMatchObject({ model: 'default-model-2026-05-04' });
  });

  test('an answer keeps characters whole that are split over two chunks or two reads', async () => {
    const { run, call } = await startHeld();
    const first = run.nextPiece();
    call.text('a\ud83d');
    expect(await first).toBe('a');
    const second = run.nextPiece();
    call.text('\ude00b');
    expect(await second).toBe('😀b');
    const bytes = Buffer.from(chunkOf({ content: 'c' }) + chunkOf({ content: '人🎉' }));
    const within = bytes.indexOf('人') + 1;
    const third = run.nextPiece();
    call.raw(bytes.subarray(0, within));
    expect(await third).toBe('c');
    const fourth = run.nextPiece();
    call.raw(bytes.subarray(within));
    expect(await fourth).toBe('人🎉');
    call.finish();
    expect((await run.outcome).text).toBe('a😀bc人🎉');
  });

  test('an answer is complete with its finish reason, and a later break costs only the usage', async () => {
    harness.model.reply(async (call) => {
      call.text('done');
      call.chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
      await call.flushed();
      call.cut();
    });
    expect(await harness.start().outcome).toMatchObject({ text: 'done', usage: undefined, calls: 1 });
  });

  describe('a finish reason with each piece', () => {
    const sent: ModelScript = async (call) => {
      for (const content of ['one ', 'two'])
        call.chunk({ choices: [{ index: 0, delta: { content }, finish_reason: 'stop' }] });
      await call.flushed();
    };

    test('an answer with a finish reason on each piece fails if the connection breaks', async () => {
      harness.model.reply(async (call) => {
        await sent(call);
        call.cut();
      });
      const run = harness.start();
      expect(await run.error).toMatchObject({ code: 'model_failed', calls: 1 });
      expect(run.pieces.join('')).toBe('one two');
    });

    test('an answer with a finish reason on each piece fails if an error follows', async () => {
      harness.model.reply(async (call) => {
        await sent(call);
        call.error({ message: 'scripted', code: 503 });
        call.end();
      });
      expect(await harness.start().error).toMatchObject({ code: 'model_failed', calls: 1 });
    });

    test('an answer with a finish reason on each piece is complete if the server closes it', async () => {
      harness.model.reply(async (call) => {
        await sent(call);
        call.end();
      });
      expect(await harness.start().outcome).toMatchObject({ text: 'one two', finishReason: 'stop' });
    });

    test('an answer with a finish reason on each piece is complete with [DONE], and may break after it', async () => {
      harness.model.reply(async (call) => {
        await sent(call);
        call.raw('data: [DONE]\n\n');
        await call.flushed();
        call.cut();
      });
      expect(await harness.start().outcome).toMatchObject({ text: 'one two', finishReason: 'stop' });
    });
  });

  test('an answer is complete after its finish reason if the server never closes', async () => {
    const impatient = await startHarness({ tailMaxMs: 30 });
    impatient.model.reply((call) => {
      call.text('done');
      call.chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    });
    const call = impatient.model.nextCall();
    expect(await impatient.start().outcome).toMatchObject({ text: 'done' });
    await (await call).aborted;
  });

  test('an answer without usage, or with a broken one, has an estimate', async () => {
    harness.model.reply(scripts.text('x', { usage: false }), (call) => {
      call.text('x');
      call.chunk({ choices: [], usage: { prompt_tokens: 'many', completion_tokens: -1 } });
      call.finish({ usage: false });
    });
    // Two for five bytes, and four for each message.
    const estimate = { inputTokens: 5, outputTokens: 5 };
    expect(await harness.start().outcome).toMatchObject({ text: 'x', usage: undefined, estimate });
    expect(await harness.start().outcome).toMatchObject({ text: 'x', usage: undefined, estimate });
  });

  test('an answer is read from servers that send other lines between the pieces', async () => {
    harness.model.reply((call) => {
      call.raw(': connected\n\n');
      call.raw('data: null\n\ndata: {}\n\ndata: {"choices":null}\n\ndata: {"choices":[null]}\n\n');
      call.raw('data:{"choices":[{"delta":{"content":"a"},"finish_reason":""}]}\r\n\r\n');
      call.raw('data: {"choices":[{"delta":null}]}\n\ndata: {"choices":[{"delta":{"content":7}}]}\n\n');
      call.raw('event: message\ndata: {"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}');
      call.end();
    });
    expect(await harness.start().outcome).toMatchObject({ text: 'ab', finishReason: 'stop' });
  });
});

describe('an answer that was cut short', () => {
  test('an answer that the model cuts short is an answer, and says so', async () => {
    harness.model.reply(scripts.text('half an', { reason: 'length' }));
    expect(await harness.start().outcome).toMatchObject({ text: 'half an', finishReason: 'length' });
  });

  test.each(['tool_calls', 'end_turn', 'whatever'])(
    'an answer that is cut by %s after some text is kept',
    async (reason) => {
      harness.model.reply(scripts.text('some', { reason }));
      expect(await harness.start().outcome).toMatchObject({ text: 'some', finishReason: 'stop' });
    },
  );

  test('an answer that a filter cuts after some text is kept, and says so', async () => {
    harness.model.reply(scripts.text('some', { reason: 'content_filter' }));
    expect(await harness.start().outcome).toMatchObject({ text: 'some', finishReason: 'content_filter' });
  });

  test('an answer at the longest length ends there and stops the model', async () => {
    harness.model.reply((call) => {
      call.text('x'.repeat(1_999));
      call.text('😀');
    });
    const call = harness.model.nextCall();
    const run = harness.start();
    expect(await run.outcome).toMatchObject({ text: 'x'.repeat(1_999), finishReason: 'length', calls: 1 });
    expect(run.pieces.join('')).toBe('x'.repeat(1_999));
    await (await call).aborted;
  });

  test('an answer at the longest length may arrive as one enormous chunk', async () => {
    harness.model.reply(scripts.text('é'.repeat(300_000)));
    expect(await harness.start().outcome).toMatchObject({ text: 'é'.repeat(2_000), finishReason: 'length' });
  });
});

test('the scripted model echoes messages without a script', async () => {
  expect((await harness.start().outcome).text).toBe(echoOf('hi'));
});

/** A run with a model call that the test answers itself. */
async function startHeld() {
  harness.model.reply((call) => call.open());
  const next = harness.model.nextCall();
  const run = harness.start();
  return { run, call: await next };
}

function chunkOf(delta: object): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`;
}
