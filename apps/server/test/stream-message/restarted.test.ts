import { createGate, scripts } from '@parley/agent/testing';
import { errorEntry } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import { answerOf, DONE, isPart, outlineOf, partsOf, shownText } from '../support/ui-message-stream.ts';

/*
 * An answer whose server died is generated again by another. An open stream cannot take text back, so it ends. Its
 * client reconnects and gets one snapshot and the rest.
 */

const bounds = { leaseMs: 900, tickMs: 20 };
const { makeTeam, model, mongo, url, startReplica } = await startHarness({ bounds });
const replica = await startReplica({ bounds });
const team = await makeTeam();

const stored = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages[1];

/** Takes the lease of this answer's run: its process stops, and the others find the run dead. */
async function takeAway({ chatId }: OneAnswer): Promise<void> {
  const { modifiedCount } = await mongo.raw
    .collection('turns')
    .updateOne({ chat: chatId, status: 'generating' }, { $set: { 'lease.token': 'of the dead' } });
  expect(modifiedCount).toBe(1);
}

/** An answer whose first run never ends and whose next one waits for the gate. */
async function begin(content: string, server: string) {
  const { id: chatId } = await team.makeChat();
  const gate = createGate();
  let calls = 0;
  model.replyTo(content, async (call) => {
    calls++;
    if (calls === 1) return scripts.neverEnding('the first text')(call);
    call.text('quite ');
    await gate.released;
    call.text('another');
    call.finish();
  });
  const stream = await team.stream(chatId, content, { url: server });
  const events = await stream.until(isPart('text-delta'));
  return { gate, stream, events, answer: answerOf(events) };
}

describe.each([
  ['of the server that lost the run', url],
  ['of another server', replica.url],
])('an open stream %s', (where, reader) => {
  test('the stream ends with answer_restarted, and reconnecting returns one snapshot and the rest', async () => {
    const { gate, stream, events, answer } = await begin(`restarted: ${where}`, url);
    const resumed = await team.resume(answer, { url: reader });
    const seen = await resumed.until(isPart('text-delta'));
    await takeAway(answer);
    const end = await resumed.rest();
    const { messageId } = answer;
    const { message } = errorEntry('answer_restarted');
    expect(partsOf(end)).toEqual([
      { type: 'data-refusal', data: { code: 'answer_restarted', message, messageId }, transient: true },
      { type: 'error', errorText: message },
    ]);
    expect(outlineOf(end)).toEqual(['- data-refusal answer_restarted', '- error', `- ${DONE}`]);

    const again = await team.resume(answer, { url: reader, after: seen.at(-1)?.id });
    const more = await again.until(isPart('data-snapshot'));
    gate.release();
    more.push(...(await again.rest()));
    expect(shownText(more, shownText(seen))).toBe('quite another');
    expect(await stored(answer.chatId)).toMatchObject({ content: 'quite another', status: 'completed' });
    expect(outlineOf(more).slice(-2)).toEqual(['2-3-0 finish', `- ${DONE}`]);
    events.push(...(await stream.rest()));
    expect(events.filter(isPart('error'))).toHaveLength(1);
  });
});

test('a reader that has received only the start continues without an error', async () => {
  const { gate, stream, events, answer } = await begin('read only the start', url);
  await takeAway(answer);
  await stream.rest();
  const again = await team.resume(answer, { url: replica.url, after: events[0]?.id });
  gate.release();
  const more = await again.rest();
  expect(more.filter(isPart('data-snapshot'))).toEqual([]);
  expect(shownText(more)).toBe('quite another');
});
