import { createGate, scripts } from '@parley/agent/testing';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { followChat, followEverywhere } from '../support/follow-chat.ts';

/*
 * Every tab and device with an open chat receives its events, from any server and transport. In the end each shows
 * the same as the list.
 */

const BOUNDS = { bounds: { tickMs: 20 } };
const { makeTeam, model, url, startReplica } = await startHarness(BOUNDS);
const replica = await startReplica(BOUNDS);
const team = await makeTeam();

const tabsOf = (chatId: string) => followEverywhere([url, replica.url], team.publishableKey, chatId);
const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;
const sendTo = (base: string, chatId: string, content: string) =>
  fetch(`${base}/chat/${chatId}/message`, {
    method: 'POST',
    headers: { 'x-api-key': team.secretKey, 'content-type': 'application/json' },
    body: JSON.stringify({ content, role: 'user' }),
  });

test('all tabs receive a message and its answer from start to end and show the list', async () => {
  const { id: chatId } = await team.makeChat();
  const gate = createGate();
  model.replyTo('tell all', async (call) => {
    call.text('One 🙂 ');
    await gate.released;
    call.text('two');
    call.finish();
  });
  const tabs = await tabsOf(chatId);
  const sending = team.send(chatId, 'tell all');
  for (const tab of tabs) {
    await tab.until('answer-delta');
    const { messages } = tab.view;
    expect(messages).toMatchObject([{ content: 'tell all', role: 'user', status: 'generating' }]);
    expect(messages).toEqual(await listed(chatId));
  }
  gate.release();
  const { body: answer } = await sending;
  for (const tab of tabs) {
    await tab.until('answer-ended');
    expect(tab.view.messages).toEqual(await listed(chatId));
    expect(tab.view.messages[1]).toMatchObject({ id: answer.id, content: 'One 🙂 two' });
    const types = tab.events.map(({ event }) => event.type).filter((type) => type !== 'answer-delta');
    expect(types).toEqual(['chat-followed', 'message-accepted', 'answer-started', 'answer-ended']);
    tab.close();
  }
});

test('messages through two servers are received in one order, which is the order of the list', async () => {
  const { id: chatId } = await team.makeChat();
  const tabs = await tabsOf(chatId);
  const contents = Array.from({ length: 6 }, (_, index) => `together ${index}`);
  await Promise.all(
    contents.map((content, index) => sendTo(index % 2 === 0 ? url : replica.url, chatId, content)),
  );
  for (const tab of tabs) {
    await tab.until('answer-ended', contents.length);
    expect(tab.view.messages).toEqual(await listed(chatId));
    tab.close();
  }
});

test('failed, stopped and retried answers are received as the list shows them', async () => {
  const { id: chatId } = await team.makeChat();
  const tabs = await tabsOf(chatId);
  let calls = 0;
  model.replyTo('fails once', (call) =>
    calls++ === 0 ? scripts.cutAfter('half')(call) : scripts.text('whole')(call),
  );
  const { apiError } = await team.send(chatId, 'fails once');
  for (const tab of tabs) {
    expect(await tab.until('answer-ended')).toMatchObject({ status: 'failed', errorCode: 'model_failed' });
    expect(tab.view.messages).toEqual(await listed(chatId));
  }
  const messageId = apiError.messageId ?? '';
  const retried = await team.trpc.message.retry.mutate({ chatId, messageId });
  for (const tab of tabs) {
    await tab.until('answer-ended', 2);
    expect(tab.view.messages).toEqual(await listed(chatId));
    const accepted = tab.events.filter(({ event }) => event.type === 'message-accepted');
    expect(accepted[1]?.event).not.toHaveProperty('message');
    expect(accepted[1]?.event).toMatchObject({ answerId: retried.id, userMessageId: retried.userMessageId });
  }
  model.replyTo('stop', scripts.neverEnding('kept'));
  const sending = team.send(chatId, 'stop');
  for (const tab of tabs) await tab.until('answer-started', 3);
  for (const tab of tabs) {
    while (tab.events.at(-1)?.event.type !== 'answer-delta') await tab.next();
  }
  const stoppedId = (await listed(chatId)).at(-1)?.answerId ?? '';
  await team.trpc.message.cancel.mutate({ chatId, messageId: stoppedId });
  await sending;
  for (const tab of tabs) {
    expect(await tab.until('answer-ended', 3)).toMatchObject({ status: 'stopped' });
    expect(tab.view.messages).toEqual(await listed(chatId));
    expect(tab.view.messages.at(-1)).toMatchObject({ content: 'kept', status: 'stopped' });
    tab.close();
  }
});

test.each([
  ['through this server', url],
  ['through another', replica.url],
])(
  'a chat that is deleted %s during an answer emits `chat-deleted`, and the stream ends',
  async (_, base) => {
    const { id: chatId } = await team.makeChat();
    model.replyTo('never finished', scripts.neverEnding('so far'));
    const tabs = await tabsOf(chatId);
    const sending = team.send(chatId, 'never finished');
    for (const tab of tabs) await tab.until('answer-delta');
    await fetch(`${base}/chat/${chatId}`, { method: 'DELETE', headers: { 'x-api-key': team.secretKey } });
    for (const tab of tabs) {
      await tab.rest();
      expect(tab.events.at(-1)?.event).toEqual({ type: 'chat-deleted' });
      expect(tab.view.isDeleted).toBe(true);
      expect(tab.events.filter(({ event }) => event.type === 'chat-deleted')).toHaveLength(1);
    }
    await sending;
  },
);

describe('the limits of a chat stream', () => {
  test('a stream has nothing of another chat or team', async () => {
    const other = await makeTeam();
    const [mine, second, theirs] = [await team.makeChat(), await team.makeChat(), await other.makeChat()];
    const tabs = await tabsOf(mine.id);
    await team.send(second.id, 'elsewhere');
    await other.send(theirs.id, 'theirs');
    await team.send(mine.id, 'here');
    for (const tab of tabs) {
      await tab.until('answer-ended');
      expect(JSON.stringify(tab.events)).not.toMatch(/elsewhere|theirs/);
      tab.close();
    }
  });

  test('a server that shuts down disconnects its followers, and another server continues their streams', async () => {
    const leaving = await startReplica(BOUNDS);
    const { id: chatId } = await team.makeChat();
    const tab = await followChat('rest', leaving.url, team.secretKey, { chatId });
    await team.send(chatId, 'before');
    await tab.until('answer-ended');
    await leaving.composition.close(0);
    await tab.rest();
    await team.send(chatId, 'meanwhile');
    const again = await followChat('rest', url, team.secretKey, { chatId, seen: tab.events });
    await team.send(chatId, 'after');
    await again.until('answer-ended', 2);
    expect(again.view.messages).toEqual(await listed(chatId));
    again.close();
  });
});
