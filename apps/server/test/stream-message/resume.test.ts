import { createGate } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import type { StreamEvent } from '../support/event-stream.ts';
import { answerOf, DONE, isPart, lastIdOf, outlineOf, shownText } from '../support/ui-message-stream.ts';

/*
 * A stream that is cut resumes after its last event, on any server, during the answer and after it. In the end a
 * client shows the stored answer without repeated text.
 */

const BOUNDS = { bounds: { tickMs: 20 } };
const { makeTeam, model, url, startReplica } = await startHarness(BOUNDS);
const replica = await startReplica(BOUNDS);
const team = await makeTeam();
const servers = [url, replica.url];

const PIECES = ['Once ', 'upon 🙂', ' a\u2028time', '\r\n\r\n', 'data: {}\n\n', '👨‍👩‍👧', ' the', ' end.'];
const WHOLE = PIECES.join('');

const stored = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages[1];

/** A model that writes the next piece on request. */
function writeOnDemand(content: string) {
  const gates = PIECES.map(() => createGate());
  let next = 0;
  model.replyTo(content, async (call) => {
    for (const [index, piece] of PIECES.entries()) {
      await gates[index]?.released;
      call.text(piece);
    }
    call.finish();
  });
  return { write: () => gates[next++]?.release() };
}

/** Reads an answer with one connection for every `count` events, on alternating servers. */
async function readInCuts(answer: OneAnswer, first: StreamEvent[], count: number, write: () => void) {
  const events = [...first];
  for (let connection = 1; connection < 100; connection++) {
    const server = servers[connection % 2] ?? url;
    const stream = await team.resume(answer, { url: server, after: lastIdOf(events) });
    for (let left = count; left > 0; left--) {
      // Every expected event has new text, so that no read waits in vain.
      write();
      const event = await stream.next();
      if (!event) throw new Error('a stream ended without its end mark');
      events.push(event);
      if (event.data === DONE) return events;
    }
    stream.close();
  }
  throw new Error('no end after 100 connections');
}

/** The events without the end marks of the connections that saw the end. */
const withoutDone = (events: readonly StreamEvent[]) => events.filter(({ data }) => data !== DONE);

/** Offsets only grow, so no event is repeated. */
function expectForward(events: readonly StreamEvent[]): void {
  const places = events.map(({ id = '' }) => {
    const [, part = 0, offset = 0] = id.split('-').map(Number);
    return part * 1_000_000 + offset;
  });
  expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
}

const counts = Array.from({ length: PIECES.length + 4 }, (_, index) => index + 1);

test.each(counts)('a running stream resumes after every %i events, on alternating servers', async (count) => {
  const { id: chatId } = await team.makeChat();
  const content = `in cuts of ${count}`;
  const { write } = writeOnDemand(content);
  const stream = await team.stream(chatId, content);
  const first = await stream.take(1);
  stream.close();
  const events = await readInCuts(answerOf(first), first, count, write);
  const answer = await stored(chatId);
  expect(answer).toMatchObject({ content: WHOLE, status: 'completed' });
  expect(shownText(events)).toBe(WHOLE);
  const received = withoutDone(events);
  expect(received.filter(isPart('data-snapshot'))).toEqual([]);
  expectForward(received);
  expect(outlineOf(received).at(-1)).toBe('1-3-0 finish');
});

test('a running stream resumes after any event on another server', async () => {
  const { id: chatId } = await team.makeChat();
  const { write } = writeOnDemand('for every k');
  const stream = await team.stream(chatId, 'for every k');
  const seen = await stream.take(1);
  for (const piece of PIECES.slice(0, 5)) {
    write();
    seen.push(...(await stream.until(isPart('text-delta', piece))));
  }
  // All are open at once, on a server that reads the log and on the one that runs the answer.
  const resumed = await Promise.all(
    seen.flatMap((event, index) =>
      servers.map(async (server) => ({
        before: seen.slice(0, index + 1),
        stream: await team.resume(answerOf(seen), { url: server, after: event.id }),
      })),
    ),
  );
  for (const _ of PIECES.slice(5)) write();
  for (const { before, stream: later } of resumed) {
    const events = [...before, ...(await later.rest())];
    expect(shownText(events)).toBe(WHOLE);
    expect(events.filter(isPart('data-snapshot'))).toEqual([]);
    expectForward(withoutDone(events));
    expect(outlineOf(events).slice(-2)).toEqual(['1-3-0 finish', `- ${DONE}`]);
  }
  expect((await stored(chatId))?.content).toBe(WHOLE);
});

test('an ended stream resumes after any event', async () => {
  const { id: chatId } = await team.makeChat();
  const { write } = writeOnDemand('long ended');
  const stream = await team.stream(chatId, 'long ended');
  const seen = await stream.take(1);
  for (const piece of PIECES) {
    write();
    seen.push(...(await stream.until(isPart('text-delta', piece))));
  }
  seen.push(...(await stream.rest()));
  const received = withoutDone(seen);
  expect(received).toHaveLength(PIECES.length + 4);
  for (const [index, event] of received.entries()) {
    for (const server of servers) {
      const later = await (await team.resume(answerOf(seen), { url: server, after: event.id })).rest();
      const events = [...received.slice(0, index + 1), ...later];
      expect(shownText(events)).toBe(WHOLE);
      expectForward(withoutDone(events));
      expect(outlineOf(events).slice(-2)).toEqual(['1-3-0 finish', `- ${DONE}`]);
    }
  }
});

test('a stream without a cursor begins at the start on every server, during and after the answer', async () => {
  const { id: chatId } = await team.makeChat();
  const { write } = writeOnDemand('from the start');
  const stream = await team.stream(chatId, 'from the start');
  const seen = await stream.take(1);
  const answer = answerOf(seen);
  for (const piece of PIECES.slice(0, 3)) {
    write();
    await stream.until(isPart('text-delta', piece));
  }
  const during = await Promise.all(servers.map((server) => team.resume(answer, { url: server })));
  for (const _ of PIECES.slice(3)) write();
  const after = await Promise.all(
    servers.map(async (server) => {
      await stream.rest();
      return await team.resume(answer, { url: server });
    }),
  );
  for (const one of [...during, ...after]) {
    const events = await one.rest();
    expect(events[0]).toEqual(seen[0]);
    expect(shownText(events)).toBe(WHOLE);
    expect(outlineOf(events).slice(-2)).toEqual(['1-3-0 finish', `- ${DONE}`]);
  }
});
