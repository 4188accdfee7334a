import { createGate, scripts } from '@parley/agent/testing';
import { limits, mintId } from '@parley/contract';
import { casesOfForm, longTest } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { followChat, type ReceivedEvent } from '../support/follow-chat.ts';
import { type Transport, transports } from '../support/transports.ts';

/*
 * A disconnected tab continues after its last event, on any server, and shows the same as a tab that was never
 * disconnected.
 */

const BOUNDS = { bounds: { tickMs: 20 } };
const { makeTeam, model, mongo, url, startReplica } = await startHarness(BOUNDS);
const replica = await startReplica(BOUNDS);
const team = await makeTeam();
const servers = [url, replica.url];

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;
const follow = (transport: Transport, base: string, chatId: string, seen: readonly ReceivedEvent[] = []) =>
  followChat(transport, base, team.secretKey, { chatId, seen });

/** A chat with many events, and a tab that received all of them. */
async function eventfulChat(transport: Transport) {
  const { id: chatId } = await team.makeChat();
  const tab = await follow(transport, url, chatId);
  let calls = 0;
  const content = `fails once, ${chatId}`;
  model.replyTo(content, (call) =>
    calls++ === 0 ? scripts.cutAfter('half')(call) : scripts.text(['wh', 'ole'])(call),
  );
  await team.send(chatId, 'first 🙂');
  const { apiError } = await team.send(chatId, content);
  await team.trpc.message.retry.mutate({ chatId, messageId: apiError.messageId ?? '' });
  const gate = createGate();
  model.replyTo('the last', async (call) => {
    call.text('begun ');
    await gate.released;
    call.text('and done');
    call.finish();
  });
  const sending = team.send(chatId, 'the last');
  await tab.until('answer-started', 4);
  while (tab.events.at(-1)?.event.type !== 'answer-delta') await tab.next();
  return { chatId, tab, gate, sending };
}

describe.each(transports)('resuming a chat stream over %s', (transport) => {
  test('the stream resumes after any event, on any server, during an answer and after it', async () => {
    const { chatId, tab, gate, sending } = await eventfulChat(transport);
    const open = await Promise.all(
      tab.events.flatMap((_, index) =>
        servers.map((base) => follow(transport, base, chatId, tab.events.slice(0, index + 1))),
      ),
    );
    gate.release();
    await sending;
    const list = await listed(chatId);
    await tab.until('answer-ended', 4);
    expect(tab.view.messages).toEqual(list);
    const later = await Promise.all(
      tab.events.slice(0, -1).map((_, index) => {
        const seen = tab.events.slice(0, index + 1);
        return follow(transport, servers[index % 2] ?? url, chatId, seen);
      }),
    );
    for (const again of [...open, ...later]) {
      // The end of the last answer: nothing follows it.
      while (again.view.messages.length < list.length) await again.next();
      expect(again.view.messages).toEqual(list);
      expect(again.events.some(({ event }) => event.type === 'chat-snapshot')).toBe(false);
      again.close();
    }
    tab.close();
  });

  longTest('the stream resumes across servers with one event for each connection', async () => {
    const { id: chatId } = await team.makeChat();
    const tab = await follow(transport, url, chatId);
    await team.send(chatId, 'one by one');
    await tab.next();
    tab.close();
    const seen = [...tab.events];
    for (let connection = 1; seen.at(-1)?.event.type !== 'answer-ended'; connection++) {
      const again = await follow(transport, servers[connection % 2] ?? url, chatId, seen);
      await again.next();
      seen.push(...again.events);
      again.close();
      expect(connection).toBeLessThan(20);
    }
    const last = await follow(transport, url, chatId, seen);
    expect(last.view.messages).toEqual(await listed(chatId));
    last.close();
  });

  test('a stream without a cursor begins now, with a running answer from its start', async () => {
    const { chatId, tab, gate, sending } = await eventfulChat(transport);
    const late = await Promise.all(servers.map((base) => follow(transport, base, chatId)));
    for (const one of late) {
      await one.until('answer-delta');
      expect(one.events.map(({ event }) => event.type)).toEqual([
        'chat-followed',
        'message-accepted',
        'answer-started',
        'answer-delta',
      ]);
    }
    gate.release();
    await sending;
    const list = await listed(chatId);
    for (const one of late) {
      await one.until('answer-ended');
      expect(one.view.messages).toEqual(list.slice(-2));
      one.close();
    }
    tab.close();
  });

  test.each(casesOfForm(['nonsense', '1', '9999.1', '2.9999', '999999999.999999999.9-9-9', '1.1.x'], 3))(
    'a stream after the unknown id %s begins with one snapshot of the list',
    async (lastEventId) => {
      const { id: chatId } = await team.makeChat();
      await team.send(chatId, 'before');
      for (const base of servers) {
        const before = await listed(chatId);
        const again = await followChat(transport, base, team.secretKey, { chatId, lastEventId });
        expect(await again.next()).toEqual({ type: 'chat-snapshot', messages: before });
        await team.send(chatId, 'after');
        await again.until('answer-ended');
        expect(again.view.messages).toEqual(await listed(chatId));
        expect(again.events.filter(({ event }) => event.type === 'chat-snapshot')).toHaveLength(1);
        again.close();
      }
    },
  );

  longTest('a snapshot of long messages has the newest 256 KiB of text', async () => {
    const { id: chatId } = await team.makeChat();
    for (let index = 0; index < 4; index++) await team.send(chatId, `${index}${'𝄞'.repeat(25_000)}`);
    const list = await listed(chatId);
    const again = await followChat(transport, url, team.secretKey, { chatId, lastEventId: 'nonsense' });
    const snapshot = await again.next();
    if (snapshot?.type !== 'chat-snapshot') throw new Error(`${snapshot?.type} is no snapshot`);
    const { messages } = snapshot;
    expect(messages.length).toBeGreaterThan(0);
    expect(messages).toEqual(list.slice(-messages.length));
    const bytesOf = (count: number) =>
      Buffer.byteLength(
        list
          .slice(-count)
          .map(({ content }) => content)
          .join(''),
      );
    expect(bytesOf(messages.length)).toBeLessThanOrEqual(limits.chatSnapshotBytesMax);
    expect(bytesOf(messages.length + 1)).toBeGreaterThan(limits.chatSnapshotBytesMax);
    again.close();
  });

  test('a stream that is too far behind receives one snapshot of the newest messages', async () => {
    const { id: chatId } = await team.makeChat();
    const tab = await follow(transport, url, chatId);
    await team.send(chatId, 'long ago');
    await tab.until('answer-ended');
    const turns = limits.chatEventsBehindMax + 1;
    await plantTurns(chatId, 2, turns);
    const again = await follow(transport, replica.url, chatId, tab.events);
    const list = await listed(chatId);
    expect(list).toHaveLength(2 * turns + 2);
    expect(await again.next()).toEqual({
      type: 'chat-snapshot',
      messages: list.slice(-limits.chatEventsBehindMax),
    });
    await team.send(chatId, 'now');
    await again.until('answer-ended');
    expect(again.view.messages.slice(-2)).toEqual((await listed(chatId)).slice(-2));
    tab.close();
    again.close();
  });
});

/** Inserts ended turns directly, which is faster than a model. */
async function plantTurns(chat: string, first: number, count: number): Promise<void> {
  const documents = Array.from({ length: count }, (_, index) => {
    const answerId = mintId('message');
    const createdAt = new Date();
    return {
      _id: mintId('turn') as string,
      team: team.id,
      chat,
      sequence: first + index,
      status: 'completed',
      takeovers: 0,
      messages: [
        { id: mintId('message'), role: 'user', content: `q${index}`, createdAt },
        { id: answerId, role: 'assistant', content: `a${index}`, createdAt },
      ],
      answerId,
      usage: [],
      textBytes: 10,
      createdAt,
    };
  });
  await mongo.raw.collection<{ _id: string }>('turns').insertMany(documents);
}
