import { scripts } from '@parley/agent/testing';
import { answerIdOf, limits } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';

const { makeTeam, model, mongo } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;
const send = (chatId: string, content: string, fields: object = {}) =>
  team.send(chatId, content, { body: { content, role: 'user', ...fields } });
const retry = (chatId: string, messageId: string | undefined, body?: object) =>
  team.rest('POST', `/chat/${chatId}/message/${messageId}/retry`, body && { body });
const remove = (chatId: string, messageId: string | undefined) =>
  team.rest('DELETE', `/chat/${chatId}/message/${messageId}`);

/** A chat whose newest answer is running behind an answered message. */
async function busyChat() {
  const { chatId, messageId } = await team.answered();
  model.reply(scripts.neverEnding('so far'));
  const running = await send(chatId, 'goes on', { wait: false });
  return { chatId, messageId, runningId: running.body.id };
}

describe('chat_busy', () => {
  test('a replacement, a new version of an answer and a message after an earlier one return 409', async () => {
    const { chatId, messageId, runningId } = await busyChat();
    const [asked] = await listed(chatId);
    const rejected = [
      await send(chatId, 'instead', { replaces: asked?.id }),
      await send(chatId, 'instead', { after: messageId }),
      await retry(chatId, messageId),
    ];
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(2);
    expect(rejected.map(({ apiError }) => apiError.code)).toEqual(['chat_busy', 'chat_busy', 'chat_busy']);
    await team.trpc.message.cancel.mutate({ chatId, messageId: runningId });
  });

  test('the running answer is stopped first with `interrupt`, and its version keeps its text', async () => {
    for (const replaces of [true, false]) {
      const { chatId, messageId, runningId } = await busyChat();
      const [asked] = await listed(chatId);
      const { status } = replaces
        ? await send(chatId, 'instead', { replaces: asked?.id, onBusy: 'interrupt' })
        : await retry(chatId, messageId, { onBusy: 'interrupt' });
      expect(status).toBe(200);
      expect(await listed(chatId)).toHaveLength(2);
      const { messages } = await team.trpc.message.list.query({ chatId, through: runningId });
      expect(messages.at(-1)).toMatchObject({ id: runningId, status: 'stopped' });
    }
  });

  test('concurrent versions and messages are each stored with a sequence of their own, or rejected', async () => {
    for (let round = 0; round < 5; round++) {
      const { chatId, messageId } = await team.answered();
      const [asked] = await listed(chatId);
      const answers = await Promise.all([
        send(chatId, 'replaced', { replaces: asked?.id }),
        send(chatId, 'follows'),
        retry(chatId, messageId),
      ]);
      const turns = await storedTurns(mongo.raw, chatId);
      expect(turns.map(({ sequence }) => sequence)).toEqual(turns.map((_, index) => index + 1));
      expect(turns).toHaveLength(1 + answers.filter(({ status }) => status === 200).length);
      for (const { status, apiError } of answers) if (status !== 200) expect(apiError.code).toBe('chat_busy');
      expect(answers[1]?.status).toBe(200);
    }
  });
});

test('a message that is unknown, of another chat or an answer cannot be replaced or followed', async () => {
  const { chatId, messageId } = await team.answered();
  const other = await team.answered();
  const [elsewhere] = await listed(other.chatId);
  for (const replaces of ['msg_x', elsewhere?.id, messageId])
    expect((await send(chatId, 'instead', { replaces })).apiError.code).toBe('message_not_found');
  for (const after of ['msg_x', elsewhere?.id, other.messageId])
    expect((await send(chatId, 'behind', { after })).apiError.code).toBe('message_not_found');
  for (const through of ['msg_x', elsewhere?.id, other.messageId]) {
    const path = `/chat/${chatId}/message?through=${through}`;
    expect((await team.rest('GET', path)).apiError.code).toBe('message_not_found');
    const chosen = await team.rest('PUT', `/chat/${chatId}/path`, { body: { messageId: through } });
    expect(chosen.apiError.code).toBe('message_not_found');
  }
});

test('a message and an answer have at most 100 versions', async () => {
  const { chatId, messageId } = await team.answered();
  const [asked] = await listed(chatId);
  const [turn] = await storedTurns(mongo.raw, chatId);
  const copies = Array.from({ length: 99 }, (_, index) => ({
    ...turn,
    _id: `turn_copy_${chatId}_${index}`,
    sequence: index + 2,
    parent: 0,
    path: [index + 2, index + 2],
  }));
  await mongo.raw.collection('turns').insertMany(copies as never);
  const replaced = await send(chatId, 'one more', { replaces: asked?.id });
  expect([replaced.status, replaced.apiError.code]).toEqual([409, 'too_many_versions']);
  expect((await retry(chatId, messageId)).apiError.code).toBe('too_many_versions');
});

describe('the removal of a failed message', () => {
  test('a removed message is in no list and no later context, and what it used stays', async () => {
    const { id: chatId } = await team.makeChat();
    await send(chatId, 'stays');
    model.reply(scripts.cutAfter('half'));
    await send(chatId, 'a secret that is removed');
    const asked = (await listed(chatId)).at(2);
    expect((await remove(chatId, asked?.id)).status).toBe(204);
    expect(await listed(chatId)).toHaveLength(2);
    await send(chatId, 'goes on');
    expect(JSON.stringify(model.calls().at(-1)?.body.messages)).not.toContain('secret');
    expect((await listed(chatId)).map(({ content }) => content)).toEqual([
      ...['stays', 'You said: stays', 'goes on', 'You said: goes on'],
    ]);
    const [, removed] = await storedTurns(mongo.raw, chatId);
    expect(JSON.stringify(removed)).not.toContain('secret');
    expect(removed).toMatchObject({ sequence: 2, status: 'failed', answerId: expect.any(String) });
    expect(removed).not.toHaveProperty('written');
    expect((await remove(chatId, asked?.id)).apiError.code).toBe('message_not_found');
  });

  test('the files of a removed message are removed, also when the removal is repeated after a crash', async () => {
    const { id: chatId } = await team.makeChat();
    const file = await team.makeFile('notes');
    model.reply(scripts.status(401));
    await send(chatId, '', { files: [file] });
    const [asked] = await listed(chatId);
    // A removal that was cut off has only marked the message.
    await mongo.raw
      .collection('turns')
      .updateOne({ chat: chatId as never }, { $set: { removedAt: new Date() } });
    expect((await remove(chatId, asked?.id)).status).toBe(204);
    const [turn] = await storedTurns(mongo.raw, chatId);
    expect(JSON.stringify(turn)).not.toContain(file);
    const swept = await mongo.database.stores.files.sweep(
      new Date(Date.now() + limits.expiringFileMs + 1),
      100,
    );
    expect(swept).toBeGreaterThan(0);
    expect((await team.rest('GET', `/file/${file}`)).status).toBe(404);
    expect((await remove(chatId, asked?.id)).apiError.code).toBe('message_not_found');
  });

  test('a message that was answered while a crash cut its removal off is listed with its answer', async () => {
    const { id: chatId } = await team.makeChat();
    model.reply(scripts.status(401));
    await send(chatId, 'answered after all');
    const [asked] = await listed(chatId);
    const [turn] = await storedTurns(mongo.raw, chatId);
    expect((await retry(chatId, answerIdOf(turn?._id as never))).status).toBe(200);
    const whole = await listed(chatId);
    expect(whole).toHaveLength(2);
    const stored = mongo.raw.collection('turns');
    await stored.updateOne({ _id: turn?._id as never }, { $set: { removedAt: new Date() } });
    expect(await listed(chatId)).toEqual(whole);
    expect((await remove(chatId, asked?.id)).apiError.code).toBe('not_deletable');
    expect(await stored.countDocuments({ chat: chatId as never, removedAt: { $exists: true } })).toBe(0);
  });

  test('a removed message is found by no search, also when its words are stored late', async () => {
    const { id: chatId } = await team.makeChat();
    model.replyTo('an unmistakable zebra', scripts.status(401));
    const found = async () => (await team.trpc.message.search.query({ q: 'zebra' })).results;
    await send(chatId, 'an unmistakable zebra');
    const [asked] = await listed(chatId);
    await expect.poll(found, { timeout: 10_000 }).toMatchObject([{ messageId: asked?.id }]);
    expect((await remove(chatId, asked?.id)).status).toBe(204);
    expect(await found()).toEqual([]);
    const [turn] = await storedTurns(mongo.raw, chatId);
    await mongo.database.stores.search.add([turn?.['_id'] as never]);
    expect(await mongo.raw.collection('searchEntries').countDocuments({ chat: chatId })).toBe(0);
  });

  test('a removed message cannot be retried, replaced or chosen', async () => {
    const { chatId, messageId } = await team.failed();
    const [asked] = await listed(chatId);
    await remove(chatId, asked?.id);
    expect((await retry(chatId, messageId)).apiError.code).toBe('message_not_found');
    expect((await send(chatId, 'instead', { replaces: asked?.id })).apiError.code).toBe('message_not_found');
    const chosen = await team.rest('PUT', `/chat/${chatId}/path`, { body: { messageId: asked?.id } });
    expect(chosen.apiError.code).toBe('message_not_found');
  });

  test('a message with an answer, with a later message or with a running answer returns 409', async () => {
    const answered = await team.answered();
    const failed = await team.failed();
    const [followed] = await listed(failed.chatId);
    await send(failed.chatId, 'follows');
    const busy = await busyChat();
    const running = (await listed(busy.chatId)).at(-1);
    const [asked] = await listed(answered.chatId);
    const places = [
      [answered.chatId, asked?.id],
      [failed.chatId, followed?.id],
      [busy.chatId, running?.id],
    ] as const;
    for (const [chatId, id] of places) expect((await remove(chatId, id)).apiError.code).toBe('not_deletable');
    expect(await listed(answered.chatId)).toHaveLength(2);
    expect((await listed(failed.chatId))[0]?.content).toBe(followed?.content);
    await team.trpc.message.cancel.mutate({ chatId: busy.chatId, messageId: busy.runningId });
  });

  test('a removal and a concurrent retry leave either the message or nothing of it', async () => {
    for (let round = 0; round < 6; round++) {
      const { chatId, messageId } = await team.failed();
      const [asked] = await listed(chatId);
      const [removed, retried] = await Promise.all([remove(chatId, asked?.id), retry(chatId, messageId)]);
      const after = await listed(chatId);
      if (removed.status === 204) {
        expect(after).toEqual([]);
        expect(retried.apiError.code).toBe('message_not_found');
      } else {
        expect(removed.apiError.code).toBe('not_deletable');
        // A retry that came in between was answered, or saw the removal and can be repeated.
        expect(after).toHaveLength(retried.status === 200 ? 2 : 1);
        if (retried.status !== 200) expect(retried.apiError.code).toBe('message_not_found');
      }
    }
  });
});
