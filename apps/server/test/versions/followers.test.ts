import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { type FollowedChat, followChat, followEverywhere } from '../support/follow-chat.ts';
import { transports } from '../support/transports.ts';

/* Every tab with an open chat learns that it shows another path, from any server and transport. */

const BOUNDS = { bounds: { tickMs: 20 } };
const { makeTeam, model, url, startReplica } = await startHarness(BOUNDS);
const replica = await startReplica(BOUNDS);
const team = await makeTeam();

const tabsOf = (chatId: string) => followEverywhere([url, replica.url], team.secretKey, chatId);
const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;
const typesOf = ({ events }: FollowedChat) =>
  events.map(({ event }) => event.type).filter((type) => type !== 'answer-delta');

/** A chat with two answered messages, and tabs that follow it. */
async function followed() {
  const { id: chatId } = await team.makeChat();
  for (const content of ['one', 'two']) await team.send(chatId, content);
  const tabs = await tabsOf(chatId);
  for (const tab of tabs) await tab.until('chat-followed');
  return { chatId, tabs, messages: await listed(chatId) };
}

/** Reads until a snapshot has these messages. The chat's revision is read apart from its turns, so others may come before it. */
async function untilSnapshot(tab: FollowedChat, messages: readonly { id: string }[]): Promise<void> {
  for (;;) {
    const event = await tab.next();
    if (!event) throw new Error('the stream ended before the snapshot');
    if (event.type === 'chat-snapshot' && idsOf(event.messages) === idsOf(messages)) return;
  }
}
const idsOf = (messages: readonly { id: string }[]) => messages.map(({ id }) => id).join();

/** Whether each accepted message follows a snapshot at once. */
function hasSnapshots(tab: FollowedChat): boolean {
  const types = typesOf(tab).filter((type) => type !== 'chat-changed');
  return types.every((type, index) => type !== 'message-accepted' || types[index - 1] === 'chat-snapshot');
}

test('a replaced message and a new version of an answer bring a snapshot before them', async () => {
  const { chatId, tabs, messages } = await followed();
  await team.send(chatId, '', { body: { content: 'two!', role: 'user', replaces: messages[2]?.id } });
  const version = (await listed(chatId)).at(-1);
  await team.rest('POST', `/chat/${chatId}/message/${version?.id}/retry`);
  for (const tab of tabs) {
    await tab.until('answer-ended', 2);
    expect(typesOf(tab).filter((type) => type === 'message-accepted')).toHaveLength(2);
    expect(hasSnapshots(tab)).toBe(true);
    tab.close();
  }
});

test('a choice of a path brings a snapshot and `chat-changed`, and the next message another snapshot', async () => {
  const { chatId, tabs, messages } = await followed();
  await team.send(chatId, '', { body: { content: 'two!', role: 'user', replaces: messages[2]?.id } });
  for (const tab of tabs) await tab.until('answer-ended');
  await team.rest('PUT', `/chat/${chatId}/path`, { body: { messageId: messages[2]?.id } });
  for (const tab of tabs) {
    await untilSnapshot(tab, messages);
    expect((await tab.next())?.type).toBe('chat-changed');
  }
  await team.send(chatId, 'three');
  for (const tab of tabs) {
    await tab.until('answer-ended', 2);
    expect(hasSnapshots(tab)).toBe(true);
    tab.close();
  }
});

test('a new title, feedback and a removal bring `chat-changed`, and only the removal a snapshot', async () => {
  const { chatId, tabs, messages } = await followed();
  const next = async () => {
    for (const tab of tabs) await tab.next();
    return tabs.map((tab) => typesOf(tab).at(-1));
  };
  const all = (type: string) => tabs.map(() => type);
  await team.rest('PATCH', `/chat/${chatId}`, { body: { title: 'Numbers' } });
  expect(await next()).toEqual(all('chat-changed'));
  const feedback = `/chat/${chatId}/message/${messages[1]?.id}/feedback`;
  await team.rest('PUT', feedback, { body: { rating: 'up' } });
  expect(await next()).toEqual(all('chat-changed'));
  await team.rest('DELETE', feedback);
  expect(await next()).toEqual(all('chat-changed'));
  model.replyTo('fails', scripts.status(401));
  await team.send(chatId, 'fails');
  for (const tab of tabs) await tab.until('answer-ended');
  const failed = (await listed(chatId)).at(-1);
  await team.rest('DELETE', `/chat/${chatId}/message/${failed?.id}`);
  for (const tab of tabs) {
    await tab.until('chat-snapshot');
    tab.close();
  }
  expect(await listed(chatId)).toEqual(messages);
});

test('a follower that was away learns of a choice with its next connection', async () => {
  const { chatId, tabs, messages } = await followed();
  await team.send(chatId, '', { body: { content: 'two!', role: 'user', replaces: messages[2]?.id } });
  for (const tab of tabs) await tab.until('answer-ended');
  for (const tab of tabs) tab.close();
  await team.rest('PUT', `/chat/${chatId}/path`, { body: { messageId: messages[2]?.id } });
  for (const transport of transports) {
    const seen = tabs[0]?.events ?? [];
    const tab = await followChat(transport, replica.url, team.secretKey, { chatId, seen });
    await tab.until('chat-changed');
    expect(typesOf(tab)).toEqual(['chat-snapshot', 'chat-changed']);
    tab.close();
  }
});
