import { createGate } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, model } = await startHarness({ bounds: { sendWaitMaxMs: 250 } });
const team = await makeTeam();

test("a request returns 504 with the answer's id after the longest wait, and the turn continues", async () => {
  const chat = await team.makeChat();
  const gate = createGate();
  model.replyTo('slow', async (call) => {
    await gate.released;
    call.text('at last');
    call.finish();
  });
  const { status, apiError } = await team.send(chat.id, 'slow');
  expect(status).toBe(504);
  expect(apiError).toMatchObject({ code: 'answer_pending', messageId: expect.stringMatching(/^msg_/) });
  const list = async () => (await team.trpc.message.list.query({ chatId: chat.id })).messages;
  expect(await list()).toMatchObject([{ content: 'slow', status: 'generating' }]);

  gate.release();
  await expect
    .poll(list)
    .toMatchObject([
      { content: 'slow' },
      { id: apiError.messageId, content: 'at last', status: 'completed' },
    ]);
});

test('the longest wait includes the time in the queue', async () => {
  const chat = await team.makeChat();
  const gate = model.hold();
  const answers = await Promise.all([team.send(chat.id, 'one'), team.send(chat.id, 'two')]);
  for (const { status, apiError } of answers) {
    expect(status).toBe(504);
    expect(apiError.code).toBe('answer_pending');
  }
  gate.release();
  const list = async () => (await team.trpc.message.list.query({ chatId: chat.id })).messages;
  await expect.poll(async () => (await list()).length).toBe(4);
});
