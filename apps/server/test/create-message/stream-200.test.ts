import { createGate, scripts } from '@parley/agent/testing';
import { isId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { answerOf, isPart, outlineOf, partsOf, shownText } from '../support/ui-message-stream.ts';

const { makeTeam, model, url } = await startHarness();
const team = await makeTeam();

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;

test('an answer is streamed exactly as an AI SDK UI message stream', async () => {
  const { id: chatId } = await team.makeChat();
  const gate = createGate();
  model.replyTo('to the letter', async (call) => {
    call.text('Hel');
    await gate.released;
    call.text('lo');
    call.finish();
  });
  const response = await fetch(`${url}/chat/${chatId}/message`, {
    method: 'POST',
    headers: {
      'x-api-key': team.secretKey,
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ content: 'to the letter', role: 'user' }),
  });
  const call = await model.callTo('to the letter');
  await call.flushed();
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const read = async () => {
    const { value, done } = (await reader?.read()) ?? { done: true };
    text += value ?? '';
    return !done;
  };
  // The second piece is sent after the first was read, so that each is an event of its own.
  while (!text.includes('Hel')) await read();
  gate.release();
  while (await read());

  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-vercel-ai-ui-message-stream': 'v1',
    'x-request-id': expect.stringMatching(/^req_/),
    'transfer-encoding': 'chunked',
  });
  const [question, answer] = await listed(chatId);
  const metadata = { chatId, userMessageId: question?.id };
  const end = { status: 'completed', finishReason: 'stop', createdAt: answer?.createdAt };
  expect(text).toBe(
    [
      `id: 0-0-0\ndata: ${JSON.stringify({ type: 'start', messageId: answer?.id, messageMetadata: metadata })}`,
      'id: 1-1-0\ndata: {"type":"text-start","id":"0"}',
      'id: 1-1-3\ndata: {"type":"text-delta","id":"0","delta":"Hel"}',
      'id: 1-1-5\ndata: {"type":"text-delta","id":"0","delta":"lo"}',
      'id: 1-2-5\ndata: {"type":"text-end","id":"0"}',
      `id: 1-3-0\ndata: ${JSON.stringify({ type: 'finish', messageMetadata: end })}`,
      'data: [DONE]',
      '',
    ].join('\n\n'),
  );
});

test("the start precedes the model's first word and names the answer's id in the list", async () => {
  const { id: chatId } = await team.makeChat();
  const gate = model.hold();
  const stream = await team.stream(chatId, 'who are you?');
  const started = await stream.take(1);
  const { messageId } = answerOf(started);
  expect(isId('message', messageId)).toBe(true);
  expect(await listed(chatId)).toMatchObject([{ content: 'who are you?', answerId: messageId }]);
  gate.release();
  const events = await stream.rest();
  expect(await listed(chatId)).toMatchObject([
    { content: 'who are you?' },
    { id: messageId, content: shownText(events) },
  ]);
});

test('a queued message is streamed from its start when its turn comes', async () => {
  const { id: chatId } = await team.makeChat();
  const gate = model.hold();
  const first = await team.stream(chatId, 'one');
  await model.callTo('one');
  const second = await team.stream(chatId, 'two');
  expect(outlineOf(await second.take(1))).toEqual(['0-0-0 start']);
  gate.release();
  expect(shownText(await first.rest())).toBe('You said: one');
  expect(shownText(await second.rest())).toBe('You said: two');
});

test.each([
  ['text/event-stream', true],
  ['application/json, text/event-stream', true],
  ['text/event-stream, */*;q=0.1', true],
  ['Text/Event-Stream', true],
  ['*/*', false],
  ['application/json', false],
  ['text/event-stream;q=0, application/json', false],
])('Accept: %s requests a stream: %s', async (accept, isStreamed) => {
  const { id: chatId } = await team.makeChat();
  const response = await fetch(`${url}/chat/${chatId}/message`, {
    method: 'POST',
    headers: { 'x-api-key': team.secretKey, 'content-type': 'application/json', accept },
    body: JSON.stringify({ content: 'hello', role: 'user' }),
  });
  expect(response.status).toBe(200);
  const type = isStreamed ? 'text/event-stream; charset=utf-8' : 'application/json; charset=utf-8';
  expect(response.headers.get('content-type')).toBe(type);
  expect(await response.text()).toContain(isStreamed ? 'data: [DONE]' : '"content":"You said: hello"');
});

test('`wait` has no effect on a stream', async () => {
  for (const wait of [true, false]) {
    const { id: chatId } = await team.makeChat();
    const stream = await team.stream(chatId, 'hello', { body: { wait } });
    expect(shownText(await stream.rest())).toBe('You said: hello');
  }
});

describe('the joined deltas of a stream', () => {
  /** Each piece is sent after the one before was read, so that each can be an event of its own. */
  async function streamPieces(content: string, pieces: readonly string[]) {
    const { id: chatId } = await team.makeChat();
    const gates = pieces.map(() => createGate());
    model.replyTo(content, async (call) => {
      for (const [index, piece] of pieces.entries()) {
        await gates[index]?.released;
        call.text(piece);
        await call.flushed();
      }
      call.finish();
    });
    const stream = await team.stream(chatId, content);
    const events = await stream.take(1);
    for (const [index, piece] of pieces.entries()) {
      gates[index]?.release();
      // Half a character is held back, and so are blanks that may precede a `<think>`.
      const isHeld =
        /[\ud800-\udbff]$/.test(piece) ||
        pieces
          .slice(0, index + 1)
          .join('')
          .trim() === '';
      const isShown = piece !== '' && !isHeld && index < pieces.length - 1;
      if (isShown) events.push(...(await stream.until(({ data }) => data.includes('text-delta'))));
    }
    events.push(...(await stream.rest()));
    const [, answer] = await listed(chatId);
    return { events, stored: answer?.content ?? '' };
  }

  test.each([
    ['an emoji whose halves come in two pieces', ['smile ', '\ud83d', '\ude42', ' end']],
    ['a family of emoji, cut everywhere', [...'👨‍👩‍👧‍👦'].flatMap((one) => one.split(''))],
    ['line and paragraph separators', ['a\u2028', '\u2029b', '\u0085c']],
    ['line ends of every kind', ['one\r', '\ntwo\n\n', '\rthree\r\n']],
    [
      'what looks like an event',
      ['data: {"type":"finish"}\n\n', 'id: 9-9-9\n', ': ping\n\n', 'data: [DONE]\n\n'],
    ],
    ['JSON and markup', ['{"a":"\\u0000"}', '</script>', '\u0001\u007f"\\']],
    ['combining marks', ['e', '\u0301', 'ﬀ', 'Å']],
    ['blanks at either end', [' ', ' x ', '\t', '\n']],
    ['a byte order mark', ['\ufeffx', '\ufeff']],
  ])('the joined deltas equal the stored answer with %s', async (what, pieces) => {
    const { events, stored } = await streamPieces(`pieces: ${what}`, pieces);
    expect(stored).toBe(pieces.join(''));
    expect(shownText(events)).toBe(stored);
    for (const { delta = '' } of partsOf(events)) expect(delta.isWellFormed()).toBe(true);
    // The cursor counts the shown text in UTF-16 units.
    let shown = 0;
    for (const event of events.filter(isPart('text-delta'))) {
      shown += (JSON.parse(event.data) as { delta: string }).delta.length;
      expect(event.id).toBe(`1-1-${shown}`);
    }
    expect(shown).toBe(stored.length);
  });

  test('NUL and half a character are replaced in the stream and in the list', async () => {
    const { id: chatId } = await team.makeChat();
    model.reply(scripts.text(['a\0b', '\ud83d', 'c\udc00']));
    const events = await (await team.stream(chatId, 'broken')).rest();
    const [, answer] = await listed(chatId);
    expect(answer?.content).toBe('a\ufffdb\ufffdc\ufffd');
    expect(shownText(events)).toBe(answer?.content);
  });

  test('the joined deltas equal the stored answer with one delta of 200,000 three-byte characters', async () => {
    const { id: chatId } = await team.makeChat();
    const text = '漢'.repeat(200_000);
    model.reply(scripts.text([text]));
    const events = await (await team.stream(chatId, 'all at once')).rest();
    expect(shownText(events) === text).toBe(true);
    expect((await listed(chatId))[1]?.content === text).toBe(true);
  });

  test('the joined deltas equal the stored answer with 20,000 deltas of one character', async () => {
    const { id: chatId } = await team.makeChat();
    const pieces = Array.from({ length: 20_000 }, (_, index) => String(index % 10));
    model.reply(scripts.text(pieces));
    const events = await (await team.stream(chatId, 'drop by drop')).rest();
    expect(shownText(events) === pieces.join('')).toBe(true);
  });
});

test('each of many concurrent streams has its own text', async () => {
  const contents = Array.from({ length: 20 }, (_, index) => `parallel ${index} 🙂`);
  const texts = await Promise.all(
    contents.map(async (content) => {
      const { id: chatId } = await team.makeChat();
      return shownText(await (await team.stream(chatId, content)).rest());
    }),
  );
  expect(texts).toEqual(contents.map((content) => `You said: ${content}`));
});
