import { createGate, scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openStream } from '../support/event-stream.ts';
import { answerOf, isPart, outlineOf, shownText } from '../support/ui-message-stream.ts';

/* An AI SDK client requests the running answer when its page is reloaded. */

const BOUNDS = { bounds: { tickMs: 20 } };
const { makeTeam, model, url, startReplica } = await startHarness(BOUNDS);
const replica = await startReplica(BOUNDS);
const team = await makeTeam();
const servers = [url, replica.url];

const take = (chatId: string, base = url, lastEventId?: string) =>
  openStream(base, 'GET', `/chat/${chatId}/stream`, {
    key: team.secretKey,
    ...(lastEventId !== undefined && { query: { lastEventId } }),
  });

/** A model that writes `so far` and continues when the gate is released. */
function speakUntil(content: string) {
  const gate = createGate();
  model.replyTo(content, async (call) => {
    call.text('so far');
    await gate.released;
    call.text(', and on');
    call.finish();
  });
  return gate;
}

test('the stream of a chat has its running answer from the start, on every server', async () => {
  const { id: chatId } = await team.makeChat();
  const gate = speakUntil('running');
  const stream = await team.stream(chatId, 'running');
  const seen = await stream.until(isPart('text-delta'));
  const taken = await Promise.all(servers.map((base) => take(chatId, base)));
  for (const one of taken) {
    expect(one.status).toBe(200);
    expect(one.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
    expect(await one.take(3)).toEqual(seen);
  }
  gate.release();
  for (const one of [stream, ...taken]) {
    expect(outlineOf(await one.rest())).toEqual([
      '1-1-14 text-delta , and on',
      '1-2-14 text-end',
      '1-3-0 finish',
      '- [DONE]',
    ]);
  }
});

test('the stream of a chat continues after an event', async () => {
  const { id: chatId } = await team.makeChat();
  const gate = speakUntil('going on');
  const stream = await team.stream(chatId, 'going on');
  const seen = await stream.until(isPart('text-delta'));
  const taken = await take(chatId, replica.url, seen.at(-1)?.id);
  gate.release();
  expect(shownText(await taken.rest(), shownText(seen))).toBe('so far, and on');
  await stream.rest();
});

test('the stream of a chat has the running answer of several, then the next one', async () => {
  const { id: chatId } = await team.makeChat();
  const [first, second] = [speakUntil('first'), speakUntil('second')];
  const one = await team.stream(chatId, 'first');
  const oneId = answerOf(await one.until(isPart('text-delta'))).messageId;
  const two = await team.stream(chatId, 'second');
  const twoId = answerOf(await two.take(1)).messageId;
  const during = await take(chatId);
  expect(answerOf(await during.take(1)).messageId).toBe(oneId);
  first.release();
  await during.rest();
  const later = await take(chatId);
  expect(answerOf(await later.take(1)).messageId).toBe(twoId);
  second.release();
  await later.rest();
  expect((await take(chatId)).status).toBe(204);
});

test('reconnecting any number of times does not change the stream', async () => {
  const { id: chatId } = await team.makeChat();
  const gate = speakUntil('reload');
  const stream = await team.stream(chatId, 'reload');
  await stream.until(isPart('text-delta'));
  stream.close();
  for (let reload = 0; reload < 10; reload++) {
    const again = await take(chatId, servers[reload % 2]);
    await again.until(isPart('text-delta'));
    again.close();
  }
  const last = await take(chatId);
  gate.release();
  expect(shownText(await last.rest())).toBe('so far, and on');
  expect(model.calls().filter(({ message }) => message === 'reload')).toHaveLength(1);
});

test('the stream of a chat without a running answer is 204 without a body', async () => {
  const empty = await team.makeChat();
  const answered = await team.answered();
  const failed = await team.failed();
  model.replyTo('stop me', scripts.neverEnding('kept'));
  const { id: stopped } = await team.makeChat();
  const stream = await team.stream(stopped, 'stop me');
  const { messageId } = answerOf(await stream.until(isPart('text-delta')));
  await team.trpc.message.cancel.mutate({ chatId: stopped, messageId });
  for (const chatId of [empty.id, answered.chatId, failed.chatId, stopped]) {
    for (const base of servers) expect((await take(chatId, base)).status).toBe(204);
  }
  await stream.rest();
});
