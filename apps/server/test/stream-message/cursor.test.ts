import { createGate, scripts } from '@parley/agent/testing';
import { limits } from '@parley/contract';
import { casesOfForm } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openStream } from '../support/event-stream.ts';
import { answerOf, DONE, isPart, outlineOf, shownText } from '../support/ui-message-stream.ts';

/*
 * An event's id is accepted if it can be right. Any other id gets one snapshot, which replaces the reader's text, and
 * the answer continues from there.
 */

const BOUNDS = { bounds: { tickMs: 20 } };
const { makeTeam, model, mongo, url, startReplica } = await startHarness(BOUNDS);
const replica = await startReplica(BOUNDS);
const team = await makeTeam();
const servers = [
  { server: 'the server that wrote it', base: url },
  { server: 'another', base: replica.url },
];

/** 11 UTF-16 units, with a surrogate pair at 4 and 5. */
const TEXT = 'abc 🙂 defg';
model.replyTo('story', scripts.text(TEXT));

async function ended() {
  const { id: chatId } = await team.makeChat();
  const { body } = await team.send(chatId, 'story');
  return { chatId: body.chatId, messageId: body.id };
}

const untrue = [
  ['no cursor at all', 'nonsense'],
  ['a number', '7'],
  ['half of one', '1-1'],
  ['more than one', '1-1-4-4'],
  ['a sign', '-1-1-4'],
  ['a fraction', '1-1-4.5'],
  ['letters among digits', '1-1-4x'],
  ['a blank', ' '],
  ['digits of another script', '1-1-٤'],
  ['more digits than any', '1-1-99999999999'],
  ['a place beyond the text', '1-1-99'],
  ['a place just beyond the text', `1-1-${TEXT.length + 1}`],
  ['a longer text that was closed', `1-2-${TEXT.length + 1}`],
  ['a run that has not been', '7-1-4'],
  ['the end of a run that has not been', '7-3-0'],
  ['no run, with text', '0-1-4'],
  ['a part that is not there', '1-4-0'],
  ['a place within an emoji', '1-1-5'],
  ['512 characters', '1'.repeat(limits.cursorLengthMax)],
] as const;

describe.each(servers)('the stream of an ended answer, on $server', ({ base }) => {
  test.each(casesOfForm(untrue, 5))(
    'the cursor of %s returns exactly one snapshot of the whole answer',
    async (_, cursor) => {
      const { chatId, messageId } = await ended();
      // The query can contain any text.
      const stream = await openStream(base, 'GET', `/chat/${chatId}/message/${messageId}/stream`, {
        key: team.secretKey,
        query: { lastEventId: cursor },
      });
      expect(outlineOf(await stream.rest())).toEqual([
        `1-1-${TEXT.length} data-snapshot ${TEXT}`,
        `1-2-${TEXT.length} text-end`,
        '1-3-0 finish',
        `- ${DONE}`,
      ]);
    },
  );

  test.each([
    ['after its start', '0-0-0', ['1-1-0 text-start', `1-1-11 text-delta ${TEXT}`, '1-2-11 text-end']],
    ['before its first unit', '1-1-0', [`1-1-11 text-delta ${TEXT}`, '1-2-11 text-end']],
    ['within its text', '1-1-4', ['1-1-11 text-delta 🙂 defg', '1-2-11 text-end']],
    ['right after an emoji', '1-1-6', ['1-1-11 text-delta  defg', '1-2-11 text-end']],
    ['at its end', '1-1-11', ['1-2-11 text-end']],
    ['after it was closed', '1-2-11', []],
  ])('a stream resumes exactly %s', async (_, after, left) => {
    const stream = await team.resume(await ended(), { url: base, after });
    expect(outlineOf(await stream.rest())).toEqual([...left, '1-3-0 finish', `- ${DONE}`]);
  });

  test('a cursor of the end returns only the end mark', async () => {
    const stream = await team.resume(await ended(), { url: base, after: '1-3-0' });
    expect(outlineOf(await stream.rest())).toEqual([`- ${DONE}`]);
  });

  test('a cursor of an earlier run returns one snapshot of the last one', async () => {
    const { chatId, messageId } = await ended();
    await mongo.raw
      .collection('turns')
      .updateOne({ chat: chatId }, { $set: { 'written.attempt': 2, 'lease.attempt': 2 } });
    for (const after of ['1-1-0', '1-1-4', '1-1-11', '1-3-0']) {
      const stream = await team.resume({ chatId, messageId }, { url: base, after });
      expect(outlineOf(await stream.rest())).toEqual([
        `2-1-11 data-snapshot ${TEXT}`,
        '2-2-11 text-end',
        '2-3-0 finish',
        `- ${DONE}`,
      ]);
    }
    // Events before the first run are the same for every run.
    const fromStart = await team.resume({ chatId, messageId }, { url: base, after: '0-0-0' });
    expect(shownText(await fromStart.rest())).toBe(TEXT);
  });
});

describe.each(servers)('the stream of a running answer, on $server', ({ base }) => {
  test.each(casesOfForm(['nonsense', '1-1-99', '7-1-4', '1-1-5'], 4))(
    'the cursor %s returns one snapshot, and the rest follows',
    async (after) => {
      const { id: chatId } = await team.makeChat();
      const gate = createGate();
      const content = `running, ${after}, ${base}`;
      model.replyTo(content, async (call) => {
        call.text(TEXT);
        await gate.released;
        call.text(' and more');
        call.finish();
      });
      const stream = await team.stream(chatId, content);
      const first = await stream.until(isPart('text-delta'));
      // Another server has to know the text before it can recognize a cursor beyond it.
      await expect
        .poll(() => mongo.raw.collection('turnLog').countDocuments({ text: TEXT }))
        .toBeGreaterThan(0);
      const resumed = await team.resume(answerOf(first), { url: base, after });
      const events = await resumed.until(isPart('data-snapshot'));
      gate.release();
      events.push(...(await resumed.rest()));
      expect(shownText(events, 'what was shown before')).toBe(`${TEXT} and more`);
      expect(events.filter(isPart('data-snapshot'))).toHaveLength(1);
      expect(events[0]?.data).toContain('data-snapshot');
      await stream.rest();
    },
  );
});

describe('the place of the cursor', () => {
  const get = async (headers: Record<string, string>, query?: Record<string, string>) => {
    const { chatId, messageId } = await ended();
    const stream = await openStream(url, 'GET', `/chat/${chatId}/message/${messageId}/stream`, {
      key: team.secretKey,
      headers,
      ...(query && { query }),
    });
    return outlineOf(await stream.rest())[0];
  };

  test('the cursor is read from the header `Last-Event-ID` or the query `lastEventId`', async () => {
    expect(await get({ 'last-event-id': '1-1-11' })).toBe('1-2-11 text-end');
    expect(await get({ 'LAST-EVENT-ID': '1-1-11' })).toBe('1-2-11 text-end');
    expect(await get({}, { lastEventId: '1-1-11' })).toBe('1-2-11 text-end');
  });

  test('the header precedes the query, because a client that reconnects by itself updates the header', async () => {
    expect(await get({ 'last-event-id': '1-1-11' }, { lastEventId: '1-1-0' })).toBe('1-2-11 text-end');
  });

  test('a stream without a cursor begins at the start', async () => {
    expect(await get({})).toBe('0-0-0 start');
  });
});
