import { createGate } from '@parley/agent/testing';
import type { MessageList } from '@parley/contract';
import { afterEach, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { startDatabaseProxy } from '../support/database-proxy.ts';
import { answerOf, DONE, isPart, outlineOf, shownText } from '../support/ui-message-stream.ts';

/*
 * A database that is unreachable for less than a lease ends no stream. A longer absence ends those that need it, with
 * a code that says to reconnect.
 */

const bounds = { leaseMs: 5_000, tickMs: 20 };
const proxy = await startDatabaseProxy();
const { makeTeam, model, rest, url, startReplica } = await startHarness({
  addressOf: proxy.addressOf,
  bounds,
});
const replica = await startReplica({ bounds });
const team = await makeTeam();

afterEach(async () => {
  proxy.restore();
  await expect.poll(async () => (await rest('GET', '/readyz')).status).toBe(200);
});

/** An answer of two pieces, the second of which waits for the gate. Both servers stream it. */
async function begin(content: string) {
  const { id: chatId } = await team.makeChat();
  const [more, end] = [createGate(), createGate()];
  model.replyTo(content, async (call) => {
    call.text('before');
    await more.released;
    call.text(', during');
    await end.released;
    call.text(' and after');
    call.finish();
  });
  const local = await team.stream(chatId, content);
  const events = await local.until(isPart('text-delta'));
  const answer = answerOf(events);
  const remote = await team.resume(answer, { url: replica.url });
  const remoteEvents = await remote.until(isPart('text-delta'));
  return { answer, local, events, remote, remoteEvents, more, end };
}

test('streams survive an absence of the database shorter than a lease, on both servers', async () => {
  const { answer, local, events, remote, remoteEvents, more, end } = await begin('a short night');
  proxy.cut();
  more.release();
  events.push(...(await local.until(isPart('text-delta'))));
  expect(shownText(events)).toBe('before, during');
  proxy.restore();
  end.release();
  events.push(...(await local.rest()));
  remoteEvents.push(...(await remote.rest()));
  const { messages } = await team.trpc.message.list.query({ chatId: answer.chatId });
  expect(messages[1]).toMatchObject({ content: 'before, during and after', status: 'completed' });
  for (const received of [events, remoteEvents]) {
    expect(shownText(received)).toBe('before, during and after');
    expect(received.filter(isPart('data-snapshot'))).toEqual([]);
    expect(outlineOf(received).slice(-2)).toEqual(['1-3-0 finish', `- ${DONE}`]);
  }
});

test('streams end with database_unavailable after a longer absence and can be resumed', async () => {
  const { answer, local, events, remote, remoteEvents, more, end } = await begin('a long night');
  proxy.cut();
  more.release();
  end.release();
  const ends = [await local.rest(), await remote.rest()];
  for (const received of ends) {
    expect(outlineOf(received).slice(-3)).toEqual([
      '- data-refusal database_unavailable',
      '- error',
      `- ${DONE}`,
    ]);
  }
  proxy.restore();
  const seen = [
    [url, [...events, ...(ends[0] ?? [])]],
    [replica.url, [...remoteEvents, ...(ends[1] ?? [])]],
  ] as const;
  const list = async () => (await team.rest<MessageList>('GET', `/chat/${answer.chatId}/message`)).body;
  await expect
    .poll(async () => (await list()).messages?.[1])
    .toMatchObject({
      content: 'before, during and after',
      status: 'completed',
    });
  for (const [base, received] of seen) {
    const after = received.findLast(({ id }) => id !== undefined)?.id;
    const again = await (await team.resume(answer, { url: base, after })).rest();
    // Another run wrote it, so the whole text is sent.
    expect(shownText(again, shownText(received))).toBe('before, during and after');
  }
});
