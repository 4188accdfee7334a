import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createGate } from '@parley/agent/testing';
import { limits } from '@parley/contract';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Harness, startHarness } from '../harness.ts';
import { openStream, parseEvents, type StreamEvent } from '../support/event-stream.ts';
import { type Transport, transports } from '../support/transports.ts';
import { DONE, shownText } from '../support/ui-message-stream.ts';

/*
 * A reader that does not read its stream delays only itself: the turn continues, and the server buffers at most one
 * write beyond the connection's own buffer.
 */

const PIECES = 40;
const PIECE_LENGTH = 6_000;
/** The amount that fills the buffer of a connection, and one more event. */
const HELD_MAX = 64 * 1024 + 2 * PIECE_LENGTH;

const harness = await startHarness({ bounds: { tickMs: 25 } });
const { makeTeam, model, composition, startReplica } = harness;
const team = await makeTeam();
afterEach(() => vi.restoreAllMocks());

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;
const pieceOf = (index: number) => `${String(index).padStart(2, '0')}${'x'.repeat(PIECE_LENGTH - 2)}`;
const whole = Array.from({ length: PIECES }, (_, index) => pieceOf(index)).join('');

/** The server's side of its next stream. */
function nextResponse({ composition: { app } }: Server): Promise<ServerResponse> {
  return new Promise((resolve) => {
    const look = (request: IncomingMessage, response: ServerResponse) => {
      const isStream =
        request.headers.accept?.includes('text/event-stream') || /follow/.test(request.url ?? '');
      if (!isStream) return;
      app.server.off('request', look);
      resolve(response);
    };
    app.server.on('request', look);
  });
}

type Server = Pick<Harness, 'url' | 'composition'>;

/**
 * A stream whose connection stops reading after the first piece, while the model continues piece by piece, each after
 * the server has handled the one before.
 */
async function stuckStream(content: string, server: Server = harness, transport: Transport = 'rest') {
  const { id: chatId } = await team.makeChat();
  const gates = Array.from({ length: PIECES }, createGate);
  model.replyTo(content, async (call) => {
    for (const [index, gate] of gates.entries()) {
      await gate.released;
      call.text(pieceOf(index));
    }
    call.finish();
  });
  const follow = async () => {
    const { body } = await team.send(chatId, content, { body: { content, role: 'user', wait: false } });
    const input = JSON.stringify({ chatId, messageId: body.id });
    const headers = { 'x-api-key': team.secretKey };
    return openStream(server.url, 'GET', '/trpc/message.follow', { headers, query: { input } });
  };
  const responding = nextResponse(server);
  const stream = await (transport === 'rest' ? team.stream(chatId, content, { url: server.url }) : follow());
  const response = await responding;
  gates[0]?.release();
  const events = await stream.until(({ data }) => data.includes('text-delta'));
  // The connection is full as if the kernel accepted no more, at a known byte.
  response.socket?.cork();
  let heldMost = 0;
  for (const gate of gates.slice(1)) {
    const before = response.writableLength;
    gate.release();
    if (!response.writableNeedDrain && !response.destroyed) {
      const hasMore = () => response.destroyed || response.writableLength > before;
      await vi.waitFor(() => expect(hasMore()).toBe(true), { interval: 1 });
    }
    heldMost = Math.max(heldMost, response.writableLength);
  }
  return { chatId, stream, response, events, heldMost: () => Math.max(heldMost, response.writableLength) };
}

describe('a connection that reads nothing', () => {
  test('a stalled reader neither slows the turn nor fills memory, and gets all text when it reads again', async () => {
    const { chatId, stream, response, events, heldMost } = await stuckStream('stuck');
    await expect.poll(async () => (await listed(chatId))[1]?.content === whole).toBe(true);
    expect(response.writableNeedDrain).toBe(true);
    expect(heldMost()).toBeLessThan(HELD_MAX);
    expect(whole.length).toBeGreaterThan(2 * HELD_MAX);

    response.socket?.uncork();
    events.push(...(await stream.rest()));
    expect(shownText(events) === whole).toBe(true);
    expect(events.at(-1)?.data).toBe(DONE);
  });

  test('a stalled tRPC reader fills no memory and gets all text when it reads again', async () => {
    const { chatId, stream, response, events, heldMost } = await stuckStream(
      'stuck at tRPC',
      harness,
      'trpc',
    );
    await expect.poll(async () => (await listed(chatId))[1]?.content === whole).toBe(true);
    // Several buffers lie between the router and the connection there.
    expect(heldMost()).toBeLessThan(2 * HELD_MAX);
    response.socket?.uncork();
    events.push(...(await stream.rest()));
    const deltas = events.filter(({ data }) => data.includes('text-delta'));
    expect(deltas.map(({ data }) => (JSON.parse(data) as { text: string }).text).join('') === whole).toBe(
      true,
    );
  });

  test('no heartbeats accumulate on a stalled reader', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const { stream, response, heldMost } = await stuckStream('stuck, with a heartbeat');
      const before = heldMost();
      vi.advanceTimersByTime(20 * limits.heartbeatMs);
      expect(response.writableLength).toBe(before);
      response.socket?.uncork();
      await stream.rest();
    } finally {
      vi.useRealTimers();
    }
  });

  test.each(transports)(
    'a stalled reader over %s is closed after the time limit, gives its place back, and its turn ends',
    async (transport) => {
      const server = await startReplica({ bounds: { tickMs: 25 }, connectionTimes: { readerStallMs: 300 } });
      const { chatId, stream, response } = await stuckStream(
        `stuck for good over ${transport}`,
        server,
        transport,
      );
      await expect.poll(() => response.destroyed).toBe(true);
      await expect(stream.rest()).rejects.toThrow();
      await expect.poll(() => server.composition.services.streams.size).toBe(0);
      await expect.poll(async () => (await listed(chatId))[1]?.content === whole).toBe(true);
    },
  );
});

test('a stalled reader does not prevent a server from stopping', async () => {
  const replica = await startReplica({ bounds: { tickMs: 25 } });
  const { stream } = await stuckStream('stuck while it stops', replica);
  await replica.composition.close(0);
  await expect(stream.rest()).rejects.toThrow();
});

test('a client that pauses its socket until the turn has ended reads all of it then', async () => {
  const { id: chatId } = await team.makeChat();
  const text = '漢'.repeat(limits.answerLengthMax);
  model.replyTo('pause', (call) => {
    for (let at = 0; at < text.length; at += 8_000) call.text(text.slice(at, at + 8_000));
    call.finish();
  });
  const body = JSON.stringify({ content: 'pause', role: 'user' });
  const socket = send(
    [
      `POST /chat/${chatId}/message HTTP/1.0`,
      `x-api-key: ${team.secretKey}`,
      'content-type: application/json',
      'accept: text/event-stream',
      `content-length: ${body.length}`,
      '',
      body,
    ].join('\r\n'),
  );
  socket.pause();
  await expect.poll(async () => (await listed(chatId))[1]?.content === text).toBe(true);
  const events = await readToEnd(socket);
  expect(shownText(events) === text).toBe(true);
  expect(events.at(-1)?.data).toBe(DONE);
});

/** HTTP/1.0, so that the body arrives without chunks. */
function send(request: string): Socket {
  const { port } = composition.app.server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  socket.write(request);
  return socket;
}

async function readToEnd(socket: Socket): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  const parser = parseEvents((event) => events.push(event));
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk;
  parser.feed(text.slice(text.indexOf('\r\n\r\n') + 4));
  return events;
}
