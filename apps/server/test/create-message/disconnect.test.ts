import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { createGate } from '@parley/agent/testing';
import { beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';

const { makeTeam, model, mongo, log, url, composition } = await startHarness();
const team = await makeTeam();
// Mocks are restored before each test.
let waits: MockInstance<typeof composition.turns.send>;
beforeEach(() => {
  waits = vi.spyOn(composition.turns, 'send');
});

const list = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;

describe.each([
  [
    'REST',
    '/chat/:chatId/message',
    (chatId: string, content: string, signal: AbortSignal) =>
      team.send(chatId, content, { body: { content, role: 'user' }, signal }),
  ],
  [
    'tRPC',
    '/trpc/:path',
    (chatId: string, content: string, signal: AbortSignal) =>
      team.trpc.message.create.mutate({ chatId, content, role: 'user' }, { signal }),
  ],
])('a client that disconnects (%s)', (transport, sendRoute, send) => {
  test('a disconnect ends the wait and not the turn, whose answer can be read later', async () => {
    const chat = await team.makeChat();
    const gate = createGate();
    const content = `until you disconnect: ${transport}`;
    model.replyTo(content, async (call) => {
      call.text('I went ');
      await gate.released;
      call.text('on.');
      call.finish();
    });
    const client = new AbortController();
    const sending = send(chat.id, content, client.signal).catch((error: unknown) => error);
    const call = await model.callTo(content);
    const wait = waits.mock.results.at(-1)?.value;
    client.abort();
    await sending;
    // The wait ends before the answer does, because the server keeps no response without a reader.
    await expect(wait).rejects.toMatchObject({ code: 'answer_pending' });
    await log.find(({ msg, route }) => msg === 'client disconnected' && route === sendRoute);
    expect(call.isAborted).toBe(false);
    gate.release();
    await expect
      .poll(() => list(chat.id))
      .toMatchObject([{ content }, { content: 'I went on.', status: 'completed' }]);
  });

  test('a disconnect while the message is being stored does not stop its turn', async () => {
    const chat = await team.makeChat();
    const [reached, gate] = [createGate(), createGate()];
    const { turns } = mongo.database.stores;
    const { insert } = turns;
    vi.spyOn(turns, 'insert').mockImplementationOnce(async (...args) => {
      reached.release();
      await gate.released;
      return insert(...args);
    });
    const client = new AbortController();
    const content = `stored without you: ${transport}`;
    const disconnected = log.next(({ msg, route }) => msg === 'client disconnected' && route === sendRoute);
    const sending = send(chat.id, content, client.signal).catch((error: unknown) => error);
    await reached.released;
    client.abort();
    await sending;
    await disconnected;
    expect(await storedTurns(mongo.raw, chat.id)).toEqual([]);
    gate.release();
    await expect
      .poll(() => storedTurns(mongo.raw, chat.id))
      .toMatchObject([{ status: 'completed', takeovers: 0, messages: [{ content }, { role: 'assistant' }] }]);
  });
});

test('many messages over one kept connection leave no listener on it', async () => {
  const sockets = new Set<Socket>();
  composition.app.server.on('connection', (socket) => sockets.add(socket));
  const chat = await team.makeChat();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const counts: number[] = [];
  for (let index = 0; index < 5; index++) {
    await new Promise<void>((resolve, reject) => {
      const sending = request(`${url}/chat/${chat.id}/message`, {
        agent,
        method: 'POST',
        headers: { 'x-api-key': team.secretKey, 'content-type': 'application/json' },
      });
      sending.on('response', (response) => response.resume().on('end', resolve)).on('error', reject);
      sending.end(JSON.stringify({ content: `message ${index}`, role: 'user' }));
    });
    counts.push(
      ...[...sockets].filter((socket) => !socket.destroyed).map((socket) => socket.listenerCount('close')),
    );
  }
  agent.destroy();
  expect(counts).toHaveLength(5);
  expect(new Set(counts).size).toBe(1);
});
