import { beforeAll, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openStream } from '../support/event-stream.ts';

/*
 * The database reads of one message: those of the message and those of its sender. A change that adds a read has to
 * change a number here.
 */

const { makeTeam, model, mongo, url } = await startHarness();
const team = await makeTeam();
const profile = mongo.raw.collection('system.profile');

beforeAll(async () => {
  await mongo.raw.command({ profile: 2 });
});

/** Reads of background jobs, which name no chat and no user. */
const IN_REQUESTS = new Set(['chats', 'apiKeys', 'agents', 'teams', 'signingSecrets', 'guests']);

/** Background jobs read the chats of all teams together. */
const OF_ANY_TEAM = '"team":{"$exists":true}';

/** The collections that a request read, sorted by name. Of turns only those of its chat count. */
async function readsOf(chatId: string, send: () => Promise<{ status: number }>): Promise<string[]> {
  const since = new Date();
  expect(await send()).toMatchObject({ status: 200 });
  const found = await profile
    .find({ op: 'query', appName: { $regex: /^parley/ }, ts: { $gte: since } })
    .toArray();
  return found
    .map(({ ns, command }) => ({ name: String(ns).split('.')[1] ?? '', text: JSON.stringify(command) }))
    .filter(({ text }) => !text.includes(OF_ANY_TEAM))
    .filter(({ name, text }) => text.includes(chatId) || IN_REQUESTS.has(name))
    .map(({ name }) => name)
    .sort();
}

/** Reads in the background do not occur in every attempt; a read of the request does. */
const reads = (measure: () => Promise<string[]>) => expect.poll(measure, { interval: 100 });

let count = 0;
const keyed = () => ({ 'idempotency-key': `once_${++count}` });

test('a message of a secret key reads its chat before the insert only if this process has not just answered in it', async () => {
  // The access to the chat, the tail, and the run's own read of the chat.
  await reads(async () => {
    const { id } = await team.makeChat();
    // From here the credentials of the caller are cached.
    await team.answered();
    return readsOf(id, () => team.send(id, 'first'));
  }).toEqual(['chats', 'chats', 'turns']);
  // The run's read of the chat.
  const { chatId } = await team.answered();
  await reads(() => readsOf(chatId, () => team.send(chatId, 'next'))).toEqual(['chats']);
});

test('a message with an idempotency key reads its chat once, and the key once', async () => {
  const { chatId } = await team.answered();
  let send = () => team.send(chatId, 'keyed');
  await reads(() => {
    const headers = keyed();
    send = () => team.send(chatId, 'keyed', { headers });
    return readsOf(chatId, send);
  }).toEqual(['chats', 'chats', 'turns']);
  // The access to the chat, the earlier turn, and the outcome of that turn, which is read by its id.
  await reads(() => readsOf(chatId, send)).toEqual(['chats', 'turns', 'turns']);
});

test('a message of a user reads their chat once before the insert', async () => {
  const theirs = team.withChatsOf('user_1');
  const { chatId } = await theirs.answered();
  const key = await team.guestKey();
  const headers = { 'x-user-token': await team.userToken('user_1') };
  const send = (content: string) => team.send(chatId, content, { key, headers });
  await send('what identifies the caller is remembered from here on');
  await reads(() => readsOf(chatId, () => send('theirs'))).toEqual(['chats', 'chats']);
});

test('a list, a retry and a cancel read their chat once', async () => {
  const { chatId, messageId } = await team.answered();
  const path = `/chat/${chatId}/message`;
  // The first turns, and that nothing follows behind a gap.
  const ofList = ['chats', 'turns', 'turns'];
  await reads(() => readsOf(chatId, () => team.rest('GET', path))).toEqual(ofList);
  await reads(() => readsOf(chatId, () => team.rest('GET', `/chat/${chatId}`))).toEqual(ofList);
  const cancel = () => team.rest('POST', `${path}/${messageId}/cancel`);
  await reads(() => readsOf(chatId, cancel)).toEqual(['chats', 'turns']);
  await reads(async () => {
    const failed = await team.failed();
    const retry = () => team.rest('POST', `/chat/${failed.chatId}/message/${failed.messageId}/retry`);
    return readsOf(failed.chatId, retry);
  }).toEqual(['chats', 'turns', 'turns']);
});

test('a streamed message and the stream of a running answer read their chat once before the turn and its run', async () => {
  const streamed = async (chatId: string) => {
    const stream = await team.stream(chatId, 'streamed');
    await stream.rest();
    return { status: stream.status };
  };
  // The access to the chat, the tail, and the run's own read of the chat.
  await reads(async () => {
    const { id } = await team.makeChat();
    return readsOf(id, () => streamed(id));
  }).toEqual(['chats', 'chats', 'turns']);
  // The run's read of the chat.
  const { chatId } = await team.answered();
  await reads(() => readsOf(chatId, () => streamed(chatId))).toEqual(['chats']);
  const gate = model.hold();
  const { id } = await team.makeChat();
  const running = await team.stream(id, 'held');
  // The access to the chat, the newest turn, the unfinished turns up to it, and the first of them.
  await reads(() =>
    readsOf(id, async () => {
      const stream = await openStream(url, 'GET', `/chat/${id}/stream`, { key: team.secretKey });
      stream.close();
      return stream;
    }),
  ).toEqual(['chats', 'turns', 'turns', 'turns']);
  gate.release();
  await running.rest();
});
