import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { subscriptionClient } from '../support/subscriptions.ts';
import { DONE, isPart, outlineOf, partsOf } from '../support/ui-message-stream.ts';

const { makeTeam, model, url } = await startHarness();
const team = await makeTeam();

const busy = (headers: Record<string, string>) => scripts.status(429, { headers });

test("a stream announces the wait that the model's server asked for and continues with the answer", async () => {
  const { id: chatId } = await team.makeChat();
  const before = Date.now();
  model.reply(busy({ 'retry-after-ms': '300' }));
  const stream = await team.stream(chatId, 'wait for it');
  const begun = await stream.until(isPart('data-status'));
  const [, status] = partsOf(begun);
  expect(status).toEqual({
    type: 'data-status',
    data: { status: 'waiting_for_model', retryAt: expect.any(String) },
    transient: true,
  });
  expect(Date.parse(status?.data?.retryAt ?? '')).toBeGreaterThanOrEqual(before + 300);
  // It has the id of the event before it, after which a disconnected reader continues.
  expect(begun.map(({ id }) => id)).toEqual(['0-0-0', '0-0-0']);
  const rest = outlineOf(await stream.rest());
  expect(rest.filter((line) => line.includes('data-status'))).toEqual([]);
  expect(rest.at(-2)).toMatch(/finish$/);
  const { messages } = await team.trpc.message.list.query({ chatId });
  expect(messages.at(-1)).toMatchObject({ role: 'assistant', status: 'completed' });
});

test('a subscription announces the wait between the start and the text', async () => {
  const { id: chatId } = await team.makeChat();
  model.reply(busy({ 'retry-after-ms': '300' }));
  const { body } = await team.send(chatId, '', { body: { content: 'wait here', role: 'user', wait: false } });
  const { client } = subscriptionClient([url], team.secretKey);
  const received: string[] = [];
  await new Promise<void>((onComplete, onError) => {
    const onData = ({ data }: { data: { type: string } }) => void received.push(data.type);
    client.message.follow.subscribe({ chatId, messageId: body.id }, { onData, onComplete, onError });
  });
  const types = received.filter((type) => type !== 'text-delta');
  expect(types).toEqual(['start', 'status', 'text-start', 'text-end', 'end']);
});

test('a longer wait fails the answer at once, and the error says until when, also in repeats', async () => {
  const { id: chatId } = await team.makeChat();
  const before = Date.now();
  model.reply(busy({ 'retry-after': '95' }));
  const request = { body: { content: 'too busy', role: 'user' }, headers: { 'idempotency-key': 'too-busy' } };
  const first = await team.rest('POST', `/chat/${chatId}/message`, request);
  expect(first.status).toBe(502);
  expect(first.apiError).toMatchObject({ code: 'model_rate_limited' });
  const seconds = Number(first.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(60);
  expect(seconds).toBeLessThanOrEqual(95);
  const until = /takes requests again at (\S+)\.$/.exec(first.apiError?.message ?? '')?.[1] ?? '';
  expect(Date.parse(until)).toBeGreaterThanOrEqual(before + 95_000);

  const again = await team.rest('POST', `/chat/${chatId}/message`, request);
  expect(again.apiError?.message).toBe(first.apiError?.message);
  const streamed = await team.stream(chatId, 'too busy', { headers: { 'idempotency-key': 'too-busy' } });
  const parts = partsOf((await streamed.rest()).filter(({ data }) => data !== DONE));
  expect(parts.map(({ type }) => type)).toEqual(['start', 'data-refusal', 'error']);
  expect(parts.at(-1)?.errorText).toBe(first.apiError?.message);
});
