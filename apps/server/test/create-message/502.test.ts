import { type ModelScript, scripts } from '@parley/agent/testing';
import type { ErrorCode } from '@parley/contract';
import { casesOfForm } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';

const { makeTeam, model, mongo } = await startHarness();
const team = await makeTeam();

// The model's server has accepted all optional fields, so that a 400 is a rejection of the message.
await team.send((await team.makeChat()).id, 'hello');

const CANARY = 'canary-of-the-model';
/** The text that a model wrote before it failed. Readers have received it, and it is not an answer. */
const PARTIAL = 'partial answer';
/** The header that keeps the client from retrying, so that no test waits for one. */
const FINAL = { 'x-should-retry': 'false' };
const status = (code: number) => scripts.status(code, { message: CANARY, headers: FINAL });

const failures: [string, ErrorCode, number, ModelScript][] = [
  ['a 400', 'model_refused', 502, status(400)],
  ['a 401', 'model_key_refused', 502, status(401)],
  ['a 403', 'model_key_refused', 502, status(403)],
  ['a 404', 'model_not_found', 502, status(404)],
  ['a page', 'model_unreachable', 502, scripts.raw('<html>Welcome</html>')],
  ['a 422', 'model_refused', 502, status(422)],
  ['a 429', 'model_rate_limited', 502, status(429)],
  ['a 500', 'model_failed', 502, status(500)],
  ['a 503', 'model_failed', 502, status(503)],
  ['a 408', 'model_timeout', 504, status(408)],
  ['a 504', 'model_timeout', 504, status(504)],
  ['an answer that breaks off', 'model_failed', 502, scripts.cutAfter(PARTIAL)],
  ['an answer that ends without an end', 'model_failed', 502, scripts.unfinishedAfter(PARTIAL)],
  ['a chunk that is no JSON', 'model_failed', 502, scripts.brokenChunkAfter(PARTIAL)],
  ['an error within the answer', 'model_failed', 502, scripts.errorAfter([PARTIAL])],
  ['only a filter', 'model_refused', 502, scripts.text([], { reason: 'content_filter' })],
];

describe.each(casesOfForm(failures, 4))('a model that returns %s', (_, code, httpStatus, script) => {
  test(`the response is ${code} without the model's words, the message stays, and the chat continues`, async () => {
    const chat = await team.makeChat();
    model.reply(script);
    const { status, apiError, text } = await team.send(chat.id, 'question');
    expect(status).toBe(httpStatus);
    expect(apiError).toMatchObject({ code, messageId: expect.stringMatching(/^msg_/) });
    expect(text).not.toMatch(/canary|partial/);

    const { messages } = await team.trpc.message.list.query({ chatId: chat.id });
    const isShown = messages.length > 1;
    const failure = { status: 'failed', errorCode: code };
    // The text that was streamed before the failure is an answer.
    const answer = { role: 'assistant', content: PARTIAL, ...failure };
    expect(messages).toMatchObject([
      { role: 'user', content: 'question', ...(!isShown && failure) },
      ...(isShown ? [answer] : []),
    ]);
    const [turn] = await storedTurns(mongo.raw, chat.id);
    expect(turn?.usage).toMatchObject([{ attempt: 1, calls: 1 }]);
    expect(JSON.stringify(turn)).not.toContain(CANARY);
    // Release 0.1.0, which may run beside this one, reads `errorCode` and knows no other codes of models.
    expect(turn?.errorCode).toMatch(/^model_(?:failed|refused|rate_limited|timeout)$/);
    expect(turn?.messages).toHaveLength(messages.length);

    const next = await team.send(chat.id, 'another');
    expect(next.status).toBe(200);
    const list = await team.trpc.message.list.query({ chatId: chat.id });
    expect(list.messages.map(({ role }) => role)).toEqual([
      ...messages.map(({ role }) => role),
      ...['user', 'assistant'],
    ]);
  });
});

// Each waits for the pauses between the attempts, so they run at the same time.
test.concurrent.each([
  ['a status', 'model_failed', scripts.status(500)],
  ['an empty answer', 'model_failed', scripts.text([])],
  ['a rate limit', 'model_rate_limited', scripts.status(429)],
] as const)('%s three times in a row is retried and returns %s', async (what, code, script) => {
  const chat = await team.makeChat();
  model.replyTo(`persistent: ${what}`, script);
  const { status, apiError } = await team.send(chat.id, `persistent: ${what}`);
  expect(status).toBe(502);
  expect(apiError.code).toBe(code);
  const [turn] = await storedTurns(mongo.raw, chat.id);
  expect(turn?.usage).toMatchObject([{ calls: 3 }]);
});

test('a message to a deleted agent returns 404 and is kept', async () => {
  const agent = await team.makeAgent();
  const { stores } = mongo.database;
  const chat = await stores.chats.create({ team: team.id }, { agent: agent.id, agentType: 'support' });
  await mongo.raw.collection<{ _id: string }>('agents').deleteOne({ _id: agent.id });
  const { status, apiError } = await team.send(chat.id, 'anyone there?');
  expect(status).toBe(404);
  expect(apiError).toMatchObject({ code: 'agent_not_found', messageId: expect.any(String) });
  const { messages } = await team.trpc.message.list.query({ chatId: chat.id });
  expect(messages).toMatchObject([
    { content: 'anyone there?', status: 'failed', errorCode: 'agent_not_found' },
  ]);
});
