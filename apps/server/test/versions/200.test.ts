import { scripts } from '@parley/agent/testing';
import type { Answer, Message } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';

const { makeTeam, model, mongo, startReplica } = await startHarness({ bounds: { tickMs: 20 } });
const replica = await startReplica();
const team = await makeTeam();

const listed = async (chatId: string, query: { through?: string | undefined } = {}) =>
  (await team.trpc.message.list.query({ chatId, ...query })).messages;
const texts = (messages: readonly Message[]) => messages.map(({ content }) => content);
const shown = async (chatId: string) => texts(await listed(chatId));
const given = () =>
  model
    .calls()
    .at(-1)
    ?.body.messages.map(({ content }) => content);
const send = (chatId: string, content: string, fields: object = {}) =>
  team.send(chatId, content, { body: { content, role: 'user', ...fields } });
const retry = (chatId: string, messageId: string | undefined) =>
  team.rest<Answer>('POST', `/chat/${chatId}/message/${messageId}/retry`);
const choose = (chatId: string, messageId: string | undefined) =>
  team.rest('PUT', `/chat/${chatId}/path`, { body: { messageId } });
const siblingsOf = (message: Message | undefined) => message?.siblings;

/** A chat with three questions and their answers. */
async function threeQuestions() {
  const { id: chatId } = await team.makeChat();
  for (const content of ['one', 'two', 'three']) await send(chatId, content);
  const messages = await listed(chatId);
  return { chatId, messages, ids: messages.map(({ id }) => id) };
}

describe('a message that replaces another', () => {
  test('the chat shows the new version, and the model gets what comes before it', async () => {
    const { chatId, ids } = await threeQuestions();
    const { status, body } = await send(chatId, 'two, again', { replaces: ids[2] });
    expect([status, body.content]).toEqual([200, 'You said: two, again']);
    expect(given()).toEqual(['one', 'You said: one', 'two, again']);
    const after = await listed(chatId);
    expect(texts(after)).toEqual(['one', 'You said: one', 'two, again', 'You said: two, again']);
    expect(siblingsOf(after[2])).toEqual({ index: 1, count: 2, ids: [ids[2], after[2]?.id] });
    expect([after[0], after[1], after[3]].map(siblingsOf)).toEqual([undefined, undefined, undefined]);
    await send(chatId, 'on');
    expect(given()).toEqual(['one', 'You said: one', 'two, again', 'You said: two, again', 'on']);
    const sequences = (await storedTurns(mongo.raw, chatId)).map(({ sequence }) => sequence);
    expect(sequences).toEqual([1, 2, 3, 4, 5]);
  });

  test('the first message can be replaced, and its versions again', async () => {
    const { chatId, ids } = await threeQuestions();
    await send(chatId, 'first', { replaces: ids[0] });
    expect(given()).toEqual(['first']);
    const [second] = await listed(chatId);
    await send(chatId, 'first of all', { replaces: second?.id });
    const [third] = await listed(chatId);
    expect(siblingsOf(third)).toEqual({ index: 2, count: 3, ids: [ids[0], second?.id, third?.id] });
    expect(await shown(chatId)).toEqual(['first of all', 'You said: first of all']);
  });

  test('tRPC and REST store the same version', async () => {
    const { chatId, ids } = await threeQuestions();
    await team.trpc.message.create.mutate({ chatId, content: 'three!', role: 'user', replaces: ids[4] });
    expect(await shown(chatId)).toEqual([
      ...['one', 'You said: one', 'two', 'You said: two', 'three!', 'You said: three!'],
    ]);
  });
});

describe('an answer that is generated again', () => {
  test('the chat shows the new answer, and later answers are given that one alone', async () => {
    const { chatId, ids } = await threeQuestions();
    model.reply(scripts.text('another answer'));
    const { status, body } = await retry(chatId, ids[5]);
    expect([status, body.content, body.userMessageId]).toEqual([200, 'another answer', ids[4]]);
    expect(given()).toEqual(['one', 'You said: one', 'two', 'You said: two', 'three']);
    const after = await listed(chatId);
    expect(texts(after).slice(4)).toEqual(['three', 'another answer']);
    expect(siblingsOf(after[5])).toEqual({ index: 1, count: 2, ids: [ids[5], body.id] });
    expect(siblingsOf(after[4])).toBeUndefined();
    await send(chatId, 'four');
    expect(given()?.slice(4)).toEqual(['three', 'another answer', 'four']);
  });

  test('an answer in the middle of a chat gets a version without what followed it', async () => {
    const { chatId, ids } = await threeQuestions();
    model.reply(scripts.text('first again'));
    const again = await retry(chatId, ids[1]);
    expect(given()).toEqual(['one']);
    expect(await shown(chatId)).toEqual(['one', 'first again']);
    model.reply(scripts.text('and again'));
    const third = await retry(chatId, again.body.id);
    expect(siblingsOf((await listed(chatId))[1])?.ids).toEqual([ids[1], again.body.id, third.body.id]);
    await send(chatId, 'then');
    expect(given()).toEqual(['one', 'and again', 'then']);
  });

  test('a stopped answer, and a failed one that others follow, are answered again', async () => {
    const { id: chatId } = await team.makeChat();
    model.replyTo('stops', scripts.neverEnding('so far'));
    const { body } = await send(chatId, 'stops', { wait: false });
    await team.trpc.message.cancel.mutate({ chatId, messageId: body.id });
    model.replyTo('stops', scripts.text('done'));
    expect((await retry(chatId, body.id)).body).toMatchObject({ status: 'completed', content: 'done' });
    const failed = await team.failed();
    await send(failed.chatId, 'on we go');
    expect((await retry(failed.chatId, failed.messageId)).status).toBe(200);
    expect(await listed(failed.chatId)).toHaveLength(2);
  });

  test('a failed new version is retried, and the earlier version stays', async () => {
    const { chatId, ids } = await threeQuestions();
    model.reply(scripts.status(401));
    const failed = await retry(chatId, ids[5]);
    expect(failed.status).toBe(502);
    const [asked] = (await listed(chatId)).slice(-1);
    expect(asked).toMatchObject({ id: ids[4], status: 'failed', otherAnswers: [ids[5]] });
    expect((await listed(chatId, { through: ids[5] })).map(({ id }) => id)).toEqual(ids);
    const again = await retry(chatId, failed.apiError.messageId);
    expect(siblingsOf((await listed(chatId))[5])?.ids).toEqual([ids[5], again.body.id]);
    await choose(chatId, ids[5]);
    expect((await listed(chatId)).map(({ id }) => id)).toEqual(ids);
  });
});

describe('the choice of a path', () => {
  test('a chosen path is shown until a new message comes, which follows it', async () => {
    const { chatId, ids } = await threeQuestions();
    await send(chatId, 'two, again', { replaces: ids[2] });
    expect((await choose(chatId, ids[2])).status).toBe(204);
    expect((await listed(chatId)).map(({ id }) => id)).toEqual(ids);
    await send(chatId, 'four');
    expect(given()).toEqual([
      ...['one', 'You said: one', 'two', 'You said: two', 'three', 'You said: three', 'four'],
    ]);
    expect(await shown(chatId)).toHaveLength(8);
  });

  test('a choice holds on every server, and the next message there follows it', async () => {
    const { chatId, ids } = await threeQuestions();
    await send(chatId, 'two, again', { replaces: ids[2] });
    await choose(chatId, ids[5]);
    const other = await fetch(`${replica.url}/chat/${chatId}/message`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': team.secretKey },
      body: JSON.stringify({ content: 'four', role: 'user' }),
    });
    expect(other.status).toBe(200);
    expect(given()?.slice(2)).toEqual(['two', 'You said: two', 'three', 'You said: three', 'four']);
  });

  test('`through` lists a path without choosing it, also page by page', async () => {
    const { chatId, ids } = await threeQuestions();
    await send(chatId, 'two, again', { replaces: ids[2] });
    const now = await shown(chatId);
    for (const through of ids.slice(2))
      expect((await listed(chatId, { through })).map(({ id }) => id)).toEqual(ids);
    for (const order of ['asc', 'desc'] as const) {
      const pages: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await team.trpc.message.list.query({ chatId, limit: 1, order, through: ids[3], cursor });
        pages.push(...page.messages.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor);
      expect(pages).toEqual(order === 'asc' ? ids : ids.toReversed());
    }
    expect(await shown(chatId)).toEqual(now);
  });

  test('a path through a shared message is the newest one', async () => {
    const { chatId, ids } = await threeQuestions();
    await send(chatId, 'two, again', { replaces: ids[2] });
    await choose(chatId, ids[4]);
    await choose(chatId, ids[1]);
    expect(await shown(chatId)).toEqual(['one', 'You said: one', 'two, again', 'You said: two, again']);
  });

  test('a choice in a chat without versions changes nothing', async () => {
    const { chatId, ids } = await threeQuestions();
    expect((await choose(chatId, ids[0])).status).toBe(204);
    const stored = await mongo.raw.collection<{ _id: string }>('chats').findOne({ _id: chatId });
    expect(stored).not.toHaveProperty('choice');
    expect(stored).not.toHaveProperty('revision');
  });
});

describe('`after`', () => {
  test('a message after the last one that is shown is an ordinary message', async () => {
    const { chatId, ids } = await threeQuestions();
    await send(chatId, 'four', { after: ids[5] });
    expect(await shown(chatId)).toHaveLength(8);
    expect((await storedTurns(mongo.raw, chatId)).every((turn) => !('path' in turn))).toBe(true);
  });

  test('a message after an earlier one leaves out what the sender did not see', async () => {
    const { chatId, ids } = await threeQuestions();
    await send(chatId, 'instead', { after: ids[1] });
    expect(given()).toEqual(['one', 'You said: one', 'instead']);
    const after = await listed(chatId);
    expect(texts(after)).toEqual(['one', 'You said: one', 'instead', 'You said: instead']);
    expect(siblingsOf(after[2])?.ids).toEqual([ids[2], after[2]?.id]);
  });

  test('a message after a user message follows its newest answer', async () => {
    const { id: chatId } = await team.makeChat();
    model.reply(scripts.status(401));
    const failed = await send(chatId, 'fails');
    const [asked] = await listed(chatId);
    await retry(chatId, failed.apiError.messageId);
    await send(chatId, 'next', { after: asked?.id });
    expect(await shown(chatId)).toEqual(['fails', 'You said: fails', 'next', 'You said: next']);
  });
});

test('a version with an idempotency key is stored once', async () => {
  const { chatId, ids } = await threeQuestions();
  const again = () =>
    team.send(chatId, '', {
      body: { content: 'once', role: 'user', replaces: ids[2] },
      headers: { 'idempotency-key': `once-in-${chatId}` },
    });
  const [first, second] = [await again(), await again()];
  expect(second.body.id).toBe(first.body.id);
  expect(await storedTurns(mongo.raw, chatId)).toHaveLength(4);
});
