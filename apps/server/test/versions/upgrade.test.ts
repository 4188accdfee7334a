import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';

/* Versions wait until every live server knows them. */

const { makeTeam, mongo } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();
const servers = mongo.raw.collection<{ _id: string }>('servers');

test('versions and removals return 503 while an older server is live, and all else works', async () => {
  const answered = await team.answered();
  const failed = await team.failed();
  const seenAt = new Date();
  const older = { software: '0.1.5', schemaVersion: 7, startedAt: seenAt, seenAt };
  await servers.insertOne({ _id: 'server_older', ...older } as { _id: string });
  const { messages } = await team.trpc.message.list.query({ chatId: answered.chatId });
  const [asked] = messages;
  const [removable] = (await team.trpc.message.list.query({ chatId: failed.chatId })).messages;
  const rejected = [
    await team.send(answered.chatId, '', { body: { content: 'x', role: 'user', replaces: asked?.id } }),
    await team.rest('POST', `/chat/${answered.chatId}/message/${answered.messageId}/retry`),
    await team.rest('DELETE', `/chat/${failed.chatId}/message/${removable?.id}`),
  ];
  expect(rejected.map(({ status, apiError }) => [status, apiError.code])).toEqual(
    Array.from({ length: 3 }, () => [503, 'versions_unavailable']),
  );
  expect(await storedTurns(mongo.raw, answered.chatId)).toHaveLength(1);
  expect((await team.send(answered.chatId, 'goes on')).status).toBe(200);
  const retried = await team.rest('POST', `/chat/${failed.chatId}/message/${failed.messageId}/retry`);
  expect(retried.status).toBe(200);
  await servers.deleteOne({ _id: 'server_older' });
  const again = async () =>
    (await team.send(answered.chatId, '', { body: { content: 'y', role: 'user', replaces: asked?.id } }))
      .status;
  // Each process reads the live servers again after some seconds.
  await expect.poll(again, { timeout: 20_000, interval: 500 }).toBe(200);
});
