import { createGate, type ModelScript, scripts } from '@parley/agent/testing';
import { type ErrorCode, type FinishReason, statusOf } from '@parley/contract';
import { casesOfForm } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';
import { answerOf, DONE, partsOf, shownText } from '../support/ui-message-stream.ts';

/*
 * A turn has one end for every fault of the model's server. The waiting request, the readers of the stream and the
 * list all get the same one.
 */

const ANSWER_LENGTH_MAX = 100;
const { makeTeam, model, mongo } = await startHarness({
  bounds: { tickMs: 20 },
  agentBounds: {
    turnTimeMaxMs: 4_000,
    silenceMaxMs: 1_000,
    tailMaxMs: 200,
    retryDelayMs: 1,
    answerLengthMax: ANSWER_LENGTH_MAX,
  },
});
const team = await makeTeam();
// The model's server has accepted all optional fields, so that a 400 is a rejection of the message.
await team.send((await team.makeChat()).id, 'hello');

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;
const finishing = (reason: string, ...pieces: string[]) => scripts.text(pieces, { reason });
/** Pieces that arrive as long as the client reads, each before the timeout of a silent model. */
const dripping =
  (pieces: number): ModelScript =>
  async (call) => {
    for (let piece = 0; piece < pieces && !call.isAborted; piece++) {
      call.text('.');
      await Promise.race([call.closed, pauseOf(100)]);
    }
    call.finish();
  };
// Only the model is slow here, and only the server waits for it.
const pauseOf = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Fault {
  readonly what: string;
  readonly script: ModelScript;
  /** The text that readers of the stream received before the failure. */
  readonly shown?: string;
  readonly calls?: number;
}

const failures: Record<string, readonly Fault[]> = {
  model_rate_limited: [
    { what: '429 without Retry-After', script: scripts.status(429), calls: 3 },
    {
      what: '429 with a Retry-After that is soon over',
      script: scripts.status(429, { headers: { 'retry-after-ms': '20' } }),
      calls: 3,
    },
    {
      what: '429 with a Retry-After beyond the time of a turn',
      script: scripts.status(429, { headers: { 'retry-after': '60' } }),
      calls: 1,
    },
  ],
  model_refused: [
    { what: '400', script: scripts.status(400), calls: 1 },
    { what: 'a JSON error with status 200', script: scripts.raw('{"error":{"code":400}}'), calls: 1 },
    { what: '413', script: scripts.status(413), calls: 1 },
    { what: 'nothing but a filter', script: finishing('content_filter'), calls: 1 },
  ],
  model_key_refused: [{ what: '401', script: scripts.status(401), calls: 1 }],
  model_not_found: [{ what: '404', script: scripts.status(404), calls: 1 }],
  model_unreachable: [
    { what: 'a page instead of a stream', script: scripts.raw('<html>Bad gateway</html>'), calls: 1 },
  ],
  model_failed: [
    { what: '500', script: scripts.status(500), calls: 3 },
    { what: 'a stream that is cut before its first word', script: scripts.cutAfter(), calls: 3 },
    { what: 'a stream that is cut', script: scripts.cutAfter('half'), shown: 'half', calls: 1 },
    { what: 'a stream without an end', script: scripts.unfinishedAfter('half'), shown: 'half', calls: 1 },
    { what: 'a garbage chunk', script: scripts.brokenChunkAfter('half'), shown: 'half', calls: 1 },
    { what: 'an error within the stream', script: scripts.errorAfter(['half']), shown: 'half', calls: 1 },
    { what: 'an answer in one piece', script: (call) => call.status(200, { choices: [] }), calls: 3 },
    { what: 'an empty answer', script: scripts.text([]), calls: 3 },
    { what: 'nothing, all its length used up', script: finishing('length'), calls: 1 },
    { what: 'nothing but tools', script: finishing('tool_calls'), calls: 1 },
  ],
  model_timeout: [
    { what: '504', script: scripts.status(504), calls: 3 },
    { what: 'no word at all, ever', script: () => undefined, calls: 1 },
    { what: 'a head, and no word', script: (call) => call.open(), calls: 1 },
    { what: 'silence within the stream', script: scripts.neverEnding('half'), shown: 'half', calls: 1 },
    { what: 'drops, for ever', script: dripping(Number.POSITIVE_INFINITY), calls: 1 },
  ],
};

const cases = Object.entries(failures).flatMap(([code, faults]) =>
  faults.map((fault) => ({ ...fault, code: code as ErrorCode })),
);

/** Sends a waiting message and a streamed one, in separate chats, to a model that answers by `script`. */
async function callBothWays(what: string, script: ModelScript) {
  model.replyTo(`waiting: ${what}`, script);
  model.replyTo(`streaming: ${what}`, script);
  const [{ id: waiting }, { id: streaming }] = [await team.makeChat(), await team.makeChat()];
  const [answer, events] = await Promise.all([
    team.send(waiting, `waiting: ${what}`),
    team.stream(streaming, `streaming: ${what}`).then((stream) => stream.rest()),
  ]);
  return { waiting, streaming, answer, events };
}

// The cases that wait for a timeout run at the same time.
describe.concurrent.each(casesOfForm(cases, 4))('$what', ({ what, script, code, shown, calls }) => {
  test(`the fault is ${code} for a waiting request and for a stream`, async () => {
    const { waiting, streaming, answer, events } = await callBothWays(what, script);
    expect(answer).toMatchObject({ status: statusOf(code), apiError: { code } });

    const ends = partsOf(events).filter(({ type }) => /^(?:finish|abort|error|data-refusal)$/.test(type));
    expect(ends).toMatchObject([
      { data: { code, messageId: answerOf(events).messageId } },
      { type: 'error' },
    ]);
    expect(events.at(-1)?.data).toBe(DONE);
    expect(events.filter(({ data }) => data === DONE)).toHaveLength(1);
    if (what !== 'drops, for ever') expect(shownText(events)).toBe(shown ?? '');

    for (const chatId of [waiting, streaming]) {
      const messages = await listed(chatId);
      const role = messages.length > 1 || shown !== undefined ? 'assistant' : 'user';
      expect(messages.at(-1)).toMatchObject({ role, status: 'failed', errorCode: code });
      const [turn] = await storedTurns(mongo.raw, chatId);
      expect(turn).toMatchObject({ status: 'failed', usage: [{ calls }] });
      // After the failure the model gets no further call.
      expect((await team.send(chatId, 'and now?')).status).toBe(200);
    }
  });
});

describe.concurrent.each([
  ['429 once, with Retry-After', [scripts.status(429, { headers: { 'retry-after-ms': '5' } })]],
  ['500 twice', [scripts.status(500), scripts.status(500)]],
  ['a cut before the first word', [scripts.cutAfter()]],
  ['an empty answer once', [scripts.text([])]],
] as [string, ModelScript[]][])('a model with %s, followed by an answer', (what, faults) => {
  test('the answer is returned to a waiting request and to a stream', async () => {
    for (const way of ['waiting', 'streaming']) {
      let call = 0;
      model.replyTo(`${way}: ${what}, passing`, (asked) => (faults[call++] ?? scripts.text('fine'))(asked));
      const { id: chatId } = await team.makeChat();
      const content = `${way}: ${what}, passing`;
      if (way === 'waiting') expect((await team.send(chatId, content)).body.content).toBe('fine');
      else expect(shownText(await (await team.stream(chatId, content)).rest())).toBe('fine');
      expect((await listed(chatId))[1]).toMatchObject({ content: 'fine', status: 'completed' });
    }
  });
});

describe.concurrent.each([
  ['is ended by a filter', finishing('content_filter', 'so far'), 'so far', 'content_filter'],
  ['reaches its length limit', finishing('length', 'so far'), 'so far', 'length'],
  ['has an unknown finish reason', finishing('whatever', 'so far'), 'so far', 'stop'],
  [
    'exceeds the longest answer',
    scripts.text(['x'.repeat(80), 'y'.repeat(80)]),
    'x'.repeat(80) + 'y'.repeat(20),
    'length',
  ],
  [
    'is cut within an emoji',
    scripts.text(['x'.repeat(ANSWER_LENGTH_MAX - 1), '🙂🙂']),
    'x'.repeat(99),
    'length',
  ],
  ['arrives in small pieces', dripping(8), '........', 'stop'],
] as [string, ModelScript, string, FinishReason][])(
  'an answer that %s',
  (what, script, content, finishReason) => {
    test('the answer has its finish reason in the response, the stream, the chat stream and the list', async () => {
      const { waiting, streaming, answer, events } = await callBothWays(what, script);
      expect(answer.body).toMatchObject({ content, status: 'completed', finishReason });
      expect(shownText(events)).toBe(content);
      expect(partsOf(events).at(-1)).toMatchObject({
        type: 'finish',
        messageMetadata: { status: 'completed', finishReason },
      });
      for (const chatId of [waiting, streaming]) {
        expect((await listed(chatId))[1]).toMatchObject({ content, status: 'completed', finishReason });
      }
    });
  },
);

test("an answer beyond the longest length is cut there, and the model's call ends", async () => {
  const gate = createGate();
  model.replyTo('endless', async (call) => {
    call.text('x'.repeat(ANSWER_LENGTH_MAX + 1));
    await gate.released;
  });
  const { id: chatId } = await team.makeChat();
  const { body } = await team.send(chatId, 'endless');
  expect(body.content).toHaveLength(ANSWER_LENGTH_MAX);
  await (await model.callTo('endless')).aborted;
  gate.release();
});

test('a model that falls silent during its answer times out before one that has not begun', async () => {
  model.replyTo('falls silent', scripts.neverEnding('half'));
  model.replyTo('has not spoken', (call) => call.open());
  const ends: string[] = [];
  const contents = ['has not spoken', 'falls silent'];
  await Promise.all(
    contents.map(async (content) => {
      const { status } = await team.send((await team.makeChat()).id, content);
      ends.push(`${status} ${content}`);
    }),
  );
  expect(ends).toEqual(['504 falls silent', '504 has not spoken']);
});
