import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, mongo, model } = await startHarness({
  bounds: { leaseMs: 900, tickMs: 20, cancelWaitMaxMs: 100 },
});
const team = await makeTeam();

test('cancelling an answer of a dead server returns its status, and it ends with the text shown so far', async () => {
  const { id: chatId } = await team.makeChat();
  const turn = mintId('turn');
  const messageId = `msg_${turn.slice('turn_'.length)}` as const;
  const createdAt = new Date();
  await mongo.raw.collection<{ _id: string }>('turns').insertOne({
    _id: turn,
    team: team.id,
    chat: chatId,
    sequence: 1,
    status: 'generating',
    lease: { token: 'of the dead', attempt: 1, renewals: 7 },
    takeovers: 0,
    messages: [{ id: mintId('message'), role: 'user', content: 'is anyone there?', createdAt }],
    answerId: messageId,
    usage: [],
    createdAt,
  } as { _id: string });
  await mongo.database.stores.turnLog.append([
    { turn, team: team.id, attempt: 1, to: 9, text: 'I was abo' },
    { turn, team: team.id, attempt: 1, to: 14, text: 'ut to' },
  ]);
  const path = `/chat/${chatId}/message/${messageId}/cancel`;
  const { status, body } = await team.rest<{ status: string }>('POST', path);
  expect(status).toBe(200);
  expect(body).toMatchObject({ id: messageId, content: '', status: 'generating' });
  const stream = await team.resume({ chatId, messageId }, { after: '1-1-9' });
  expect(await stream.rest()).toMatchObject([
    { id: '1-1-14' },
    { id: '1-2-14' },
    { id: '1-3-0', data: '{"type":"abort"}' },
    { data: '[DONE]' },
  ]);
  expect((await team.rest('POST', path)).body).toMatchObject({
    content: 'I was about to',
    status: 'stopped',
  });
  expect(model.calls()).toEqual([]);
  // The turn behind it runs.
  expect((await team.send(chatId, 'and me?')).status).toBe(200);
});
