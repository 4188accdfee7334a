import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';

const { makeTeam, model, mongo, startReplica } = await startHarness({ bounds: { leaseMs: 900 } });
const team = await makeTeam();

test('a chat that is deleted during its answer returns 404 and keeps nothing of the turn', async () => {
  const chat = await team.makeChat();
  model.replyTo('running', (call) => call.text('partial'));
  const sending = team.send(chat.id, 'running');
  const call = await model.callTo('running');
  await team.rest('DELETE', `/chat/${chat.id}`);
  const { status, apiError } = await sending;
  expect(status).toBe(404);
  expect(apiError.code).toBe('chat_not_found');
  await call.aborted;
  expect(await storedTurns(mongo.raw, chat.id)).toEqual([]);
});

test('a chat that is deleted while a message waits in its queue returns 404 for that message too', async () => {
  const chat = await team.makeChat();
  model.replyTo('first', (call) => call.text('partial'));
  const first = team.send(chat.id, 'first');
  await model.callTo('first');
  const second = team.send(chat.id, 'second');
  await expect.poll(() => storedTurns(mongo.raw, chat.id)).toHaveLength(2);
  await team.rest('DELETE', `/chat/${chat.id}`);
  expect((await first).status).toBe(404);
  expect((await second).status).toBe(404);
  expect(model.calls().map(({ message }) => message)).not.toContain('second');
  expect(await storedTurns(mongo.raw, chat.id)).toEqual([]);
});

test('a chat that is deleted by another server returns 404 and stops the model', async () => {
  const replica = await startReplica();
  const chat = await team.makeChat();
  model.replyTo('elsewhere', (call) => call.text('partial'));
  const sending = team.send(chat.id, 'elsewhere');
  const call = await model.callTo('elsewhere');
  const deletion = await fetch(`${replica.url}/chat/${chat.id}`, {
    method: 'DELETE',
    headers: { 'x-api-key': team.secretKey },
  });
  expect(deletion.status).toBe(204);
  expect((await sending).status).toBe(404);
  await call.aborted;
  expect(await storedTurns(mongo.raw, chat.id)).toEqual([]);
});
