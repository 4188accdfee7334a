import { mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';

const { makeTeam, mongo, model } = await startHarness({ bounds: { leaseMs: 600 } });
const team = await makeTeam();

/** A turn of a dead process: it is `generating`, and its lease is not renewed. */
async function plantOrphan(chat: string, takeovers: number): Promise<void> {
  await mongo.raw.collection<{ _id: string }>('turns').insertOne({
    _id: mintId('turn'),
    team: team.id,
    chat,
    sequence: 1,
    status: 'generating',
    lease: { token: 'of the dead', attempt: takeovers + 1, renewals: 7 },
    takeovers,
    messages: [{ id: mintId('message'), role: 'user', content: 'is anyone there?', createdAt: new Date() }],
    answerId: mintId('message'),
    usage: [],
    createdAt: new Date(),
  } as { _id: string });
}

const list = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;

describe('messages of a dead server', () => {
  test('the message of a dead server is answered by another one, and then those behind it', async () => {
    const chat = await team.makeChat();
    await plantOrphan(chat.id, 0);
    const { status, body } = await team.send(chat.id, 'and me?');
    expect(status).toBe(200);
    expect(body.content).toBe('You said: and me?');
    expect((await list(chat.id)).map(({ content }) => content)).toEqual([
      'is anyone there?',
      'You said: is anyone there?',
      'and me?',
      'You said: and me?',
    ]);
    expect(await storedTurns(mongo.raw, chat.id)).toMatchObject([{ takeovers: 1 }, { takeovers: 0 }]);
  });

  test('a message whose servers die three times ends `interrupted`, and the chat continues', async () => {
    const chat = await team.makeChat();
    await plantOrphan(chat.id, 2);
    expect((await team.send(chat.id, 'and me?')).status).toBe(200);
    expect(await list(chat.id)).toMatchObject([
      { content: 'is anyone there?', status: 'failed', errorCode: 'interrupted' },
      { content: 'and me?' },
      { role: 'assistant', status: 'completed' },
    ]);
    expect(model.calls().filter(({ message }) => message === 'is anyone there?')).toHaveLength(1);
  });
});
