import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, mongo, model, log } = await startHarness();
const team = await makeTeam();

test('the response has neither body nor content type', async () => {
  const chat = await team.makeChat();
  const { status, headers, text } = await team.rest('DELETE', `/chat/${chat.id}`);
  expect(status).toBe(204);
  expect(text).toBe('');
  expect(headers.get('content-type')).toBeNull();
  expect(headers.get('content-length')).toBeNull();
});

test('the response over tRPC is empty', async () => {
  const chat = await team.makeChat();
  expect(await team.trpc.chat.delete.mutate({ chatId: chat.id })).toBeUndefined();
});

test.each([
  ['no header', {}],
  ['a JSON content type', { 'content-type': 'application/json' }],
])('a deletion with %s and no body succeeds', async (_, headers) => {
  const chat = await team.makeChat();
  expect((await team.rest('DELETE', `/chat/${chat.id}`, { headers })).status).toBe(204);
});

test('a deleted chat is missing for every operation', async () => {
  const chat = await team.makeChat();
  await team.send(chat.id, 'hello');
  await team.rest('DELETE', `/chat/${chat.id}`);
  for (const [method, path] of [
    ['GET', `/chat/${chat.id}`],
    ['GET', `/chat/${chat.id}/message`],
    ['DELETE', `/chat/${chat.id}`],
  ] as const) {
    expect((await team.rest(method, path)).status).toBe(404);
  }
  expect((await team.send(chat.id, 'again')).status).toBe(404);
});

test('a deleted chat leaves no text of a person in the database, only a tombstone and its usage', async () => {
  const chat = await team.makeChat({ userId: 'known-user', metadata: { note: 'canary-metadata' } });
  model.replyTo('canary-question', (call) => {
    call.text('canary-answer');
    call.finish();
  });
  await team.send(chat.id, 'canary-question');
  await team.rest('DELETE', `/chat/${chat.id}`);
  const collections = await mongo.raw.collections();
  const documents = await Promise.all(collections.map((collection) => collection.find().toArray()));
  expect(JSON.stringify(documents)).not.toContain('canary');
  const named = documents.flat().filter((document) => JSON.stringify(document).includes('known-user'));
  expect(named).toMatchObject([{ user: 'known-user', turns: 1, calls: 1 }]);
  const tombstone = await mongo.raw.collection<{ _id: string }>('chats').findOne({ _id: chat.id });
  expect(Object.keys(tombstone ?? {}).toSorted()).toEqual(['_id', 'purgedAt']);
});

test('one of several concurrent deletions returns 204, and the others return 404', async () => {
  const chat = await team.makeChat();
  const answers = await Promise.all(Array.from({ length: 8 }, () => team.rest('DELETE', `/chat/${chat.id}`)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([204, ...Array(7).fill(404)]);
});

test('a deletion during an answer stops the model and stores nothing of the answer', async () => {
  const chat = await team.makeChat();
  model.replyTo('long story', (call) => call.text('Once upon a time '));
  const sending = team.send(chat.id, 'long story');
  const call = await model.callTo('long story');
  await team.rest('DELETE', `/chat/${chat.id}`);
  await call.aborted;
  expect((await sending).status).toBe(404);
  const left = await mongo.raw.collection('turns').find({ chat: chat.id }).toArray();
  const empty = { status: 'stopped', messages: [], usage: [], purgedAt: expect.any(Date) };
  // The marker of the chat and the placeholder of the turn.
  expect(left).toMatchObject([empty, empty]);
});

test('only the named chat is deleted', async () => {
  const [deleted, kept] = [await team.makeChat(), await team.makeChat()];
  await team.send(kept.id, 'hello');
  await team.send(deleted.id, 'hello');
  await team.rest('DELETE', `/chat/${deleted.id}`);
  expect((await team.trpc.chat.get.query({ chatId: kept.id })).messages).toHaveLength(2);
});

test('no deletion logged an error', () => {
  expect(log.all(({ level }) => level === 'error')).toEqual([]);
});
