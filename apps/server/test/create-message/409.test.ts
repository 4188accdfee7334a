import { limits, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';

const { makeTeam, model, mongo } = await startHarness();
const team = await makeTeam();

describe('queue_full', () => {
  test('eight messages may wait behind the running one, and the ninth returns 409 with Retry-After', async () => {
    const chat = await team.makeChat();
    const gate = model.hold();
    const sends = [team.send(chat.id, 'message 0')];
    await model.callTo('message 0');
    for (let index = 1; index <= limits.queuedTurnsPerChatMax; index++) {
      sends.push(team.send(chat.id, `message ${index}`));
      await expect.poll(() => storedTurns(mongo.raw, chat.id)).toHaveLength(index + 1);
    }
    const { status, apiError, headers } = await team.send(chat.id, 'one too many');
    expect(status).toBe(409);
    expect(apiError.code).toBe('queue_full');
    expect(headers.get('retry-after')).toBe('2');
    gate.release();
    const answers = await Promise.all(sends);
    expect(answers.map(({ body }) => body.content)).toEqual(
      sends.map((_, index) => `You said: message ${index}`),
    );
    expect((await team.send(chat.id, 'now there is room')).status).toBe(200);
    const turns = await storedTurns(mongo.raw, chat.id);
    expect(turns.map(({ sequence }) => sequence)).toEqual(turns.map((_, index) => index + 1));
    expect(turns.flatMap(({ messages }) => messages.map(({ content }) => content))).not.toContain(
      'one too many',
    );
  });
});

describe('chat_full', () => {
  /** Inserts the newest turn of a chat as if all earlier ones existed. */
  async function chatEndingAt({ sequence, textBytes }: { sequence: number; textBytes: number }) {
    const chat = await team.makeChat();
    await mongo.raw.collection<{ _id: string }>('turns').insertOne({
      _id: mintId('turn'),
      team: team.id,
      chat: chat.id,
      sequence,
      status: 'completed',
      takeovers: 0,
      messages: [{ id: mintId('message'), role: 'user', content: 'planted', createdAt: new Date() }],
      answerId: mintId('message'),
      usage: [],
      textBytes,
      createdAt: new Date(),
    } as { _id: string });
    return chat;
  }

  test('a chat accepts its 10,000th message and rejects the next one', async () => {
    const chat = await chatEndingAt({ sequence: limits.chatMessagesMax / 2 - 1, textBytes: 10 });
    expect((await team.send(chat.id, 'the last')).status).toBe(200);
    const { status, apiError } = await team.send(chat.id, 'one more');
    expect(status).toBe(409);
    expect(apiError.code).toBe('chat_full');
    expect(await storedTurns(mongo.raw, chat.id)).toHaveLength(2);
  });

  test('a chat accepts 16 MiB of text and rejects one more byte', async () => {
    const chat = await chatEndingAt({ sequence: 1, textBytes: limits.chatTextBytesMax - 4 });
    expect((await team.send(chat.id, '12345')).apiError.code).toBe('chat_full');
    // Each of the two characters has two bytes.
    expect((await team.send(chat.id, 'éé')).status).toBe(200);
    expect((await team.send(chat.id, 'x')).apiError.code).toBe('chat_full');
  });

  test('questions and answers both count by their bytes', async () => {
    const chat = await team.makeChat();
    const { body } = await team.send(chat.id, 'éé');
    const { body: second } = await team.send(chat.id, 'abc');
    const bytes = Buffer.byteLength(`éé${body.content}abc${second.content}`);
    expect(await mongo.raw.collection('turns').findOne({ chat: chat.id, sequence: 2 })).toMatchObject({
      textBytes: bytes,
    });
  });

  test('a full chat can be read and deleted', async () => {
    const chat = await chatEndingAt({ sequence: limits.chatMessagesMax / 2, textBytes: 10 });
    expect((await team.rest('GET', `/chat/${chat.id}`)).status).toBe(200);
    expect((await team.rest('DELETE', `/chat/${chat.id}`)).status).toBe(204);
  });
});
