import { type Id, mintId } from '@parley/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogBatch } from '../src/index.ts';
import { newScope } from './examples.ts';
import { startDatabase } from './start-database.ts';

const db = await startDatabase('turn_log');
const turnLog = db.stores.turnLog;
const scope = newScope();

/** The pieces of one run, in sequence. */
function batchesOf(turn: Id<'turn'>, pieces: readonly string[], attempt = 1): LogBatch[] {
  let to = 0;
  return pieces.map((text) => {
    to += text.length;
    return { turn, team: scope.team, attempt, to, text };
  });
}

const read = async (turn: Id<'turn'>, from = 0, attempt = 1) =>
  (await turnLog.read(scope, turn, attempt, from)).text;
const stored = (turn: Id<'turn'>) =>
  db.raw.collection('turnLog').countDocuments({ _id: { $regex: `^${turn} ` } as never });

describe('read', () => {
  test('reading an empty log returns an empty text from any offset', async () => {
    const turn = mintId('turn');
    expect([await read(turn), await read(turn, 7), await read(turn, 0, 9_999)]).toEqual(['', '', '']);
  });

  test('reading the log joins the pieces in their order after storing them in any order', async () => {
    const turn = mintId('turn');
    const batches = batchesOf(turn, ['one ', 'two ', 'three ', 'four']);
    for (const batch of batches.toReversed()) await turnLog.append([batch]);
    expect(await read(turn)).toBe('one two three four');
  });

  test('the log can be read from any offset, also from the middle of a piece', async () => {
    const pieces = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(pieces, async (texts) => {
        const turn = mintId('turn');
        await turnLog.append(batchesOf(turn, texts));
        const whole = texts.join('');
        const places = Array.from({ length: whole.length + 3 }, (_, from) => from);
        const rests = await Promise.all(places.map((from) => read(turn, from)));
        expect(rests).toEqual(places.map((from) => whole.slice(from)));
      }),
      { numRuns: 15 },
    );
  });

  test('reading the log ends at the first gap, and continues once it is filled', async () => {
    const turn = mintId('turn');
    const [first, second, third, fourth] = batchesOf(turn, ['aa', 'bb', 'cc', 'dd']) as [
      LogBatch,
      LogBatch,
      LogBatch,
      LogBatch,
    ];
    await turnLog.append([first, third, fourth]);
    expect(await read(turn)).toBe('aa');
    expect(await read(turn, 2)).toBe('');
    expect(await read(turn, 3)).toBe('');
    // A reader behind the gap gets the text after it.
    expect(await read(turn, 4)).toBe('ccdd');
    await turnLog.append([second]);
    expect(await read(turn)).toBe('aabbccdd');
  });

  test('reading the log never returns the text of another run or turn', async () => {
    const [turn, other] = [mintId('turn'), mintId('turn')];
    // Each is longer than the preceding one, so that a comparison as text would give another order.
    await turnLog.append(batchesOf(turn, ['first'], 1));
    await turnLog.append(batchesOf(turn, ['the second'], 2));
    await turnLog.append(batchesOf(turn, ['the tenth of all'], 10));
    await turnLog.append(batchesOf(other, ['another turn’s, and the longest'], 1));
    expect(await read(turn, 0, 1)).toBe('first');
    expect(await read(turn, 0, 2)).toBe('the second');
    expect(await read(turn, 0, 10)).toBe('the tenth of all');
    expect(await read(turn, 5, 1)).toBe('');
  });

  test('reading the log joins more pieces than one page holds, also from the border of a page', async () => {
    const turn = mintId('turn');
    const texts = Array.from({ length: 300 }, (_, index) => `${index},`);
    await turnLog.append(batchesOf(turn, texts));
    const whole = texts.join('');
    const at = (pieces: number) => texts.slice(0, pieces).join('').length;
    for (const from of [0, at(127), at(128), at(128) + 1, at(129), at(256)]) {
      expect(await read(turn, from)).toBe(whole.slice(from));
    }
  });

  test('offsets of the log count UTF-16 units, so a read may begin in the middle of a character', async () => {
    const turn = mintId('turn');
    await turnLog.append(batchesOf(turn, ['a\u{1F600}', '\u{1F680}é', '\u{1F469}‍\u{1F680}']));
    const whole = 'a\u{1F600}\u{1F680}é\u{1F469}‍\u{1F680}';
    expect(await read(turn)).toBe(whole);
    expect(await read(turn, 3)).toBe('\u{1F680}é\u{1F469}‍\u{1F680}');
    expect(await read(turn, 2)).toBe(whole.slice(2));
    expect(await read(turn, 2)).toHaveLength(whole.length - 2);
  });
});

describe('append', () => {
  test('appending a stored piece again succeeds, also together with new pieces', async () => {
    const turn = mintId('turn');
    const [first, second] = batchesOf(turn, ['one ', 'two']) as [LogBatch, LogBatch];
    await turnLog.append([first]);
    await turnLog.append([first, second]);
    expect(await read(turn)).toBe('one two');
    await Promise.all([turnLog.append([first]), turnLog.append([first, second]), turnLog.append([second])]);
    expect(await read(turn)).toBe('one two');
    expect(await stored(turn)).toBe(2);
  });

  test('a stored piece of the log is not replaced by another text with the same key', async () => {
    const turn = mintId('turn');
    const [piece] = batchesOf(turn, ['stays']) as [LogBatch];
    await turnLog.append([piece]);
    await turnLog.append([{ ...piece, text: 'others' }]);
    expect(await read(turn)).toBe('stays');
  });

  test('pieces of many turns and runs are appended with one write', async () => {
    const turns = Array.from({ length: 50 }, () => mintId('turn'));
    await turnLog.append(turns.flatMap((turn, index) => batchesOf(turn, [`text ${index}`], (index % 3) + 1)));
    for (const [index, turn] of turns.entries()) {
      expect(await read(turn, 0, (index % 3) + 1)).toBe(`text ${index}`);
    }
  });

  test('an error of a piece that is no repetition is thrown', async () => {
    const turn = mintId('turn');
    const [piece] = batchesOf(turn, ['x']) as [LogBatch];
    await turnLog.append([piece]);
    const huge = { ...piece, to: 20_000_000, text: 'x'.repeat(17_000_000) };
    await expect(turnLog.append([piece, huge])).rejects.toThrow();
  });

  test('an index removes the log some hours after it was written', async () => {
    const indexes = await db.raw.collection('turnLog').indexes();
    expect(indexes.filter(({ expireAfterSeconds }) => expireAfterSeconds !== undefined)).toMatchObject([
      { key: { createdAt: 1 }, expireAfterSeconds: 10_800 },
    ]);
    const turn = mintId('turn');
    await turnLog.append(batchesOf(turn, ['x']));
    const [document] = await db.raw
      .collection('turnLog')
      .find({ _id: { $regex: `^${turn} ` } as never })
      .toArray();
    expect(document?.['createdAt']).toBeInstanceOf(Date);
  });
});

describe('remove', () => {
  test('removing the log of a turn removes all of its runs and no other log, and can be repeated', async () => {
    const turn = mintId('turn');
    // The next id in order: its keys follow directly after this turn's.
    const next = mintId('turn');
    for (const attempt of [1, 2, 11]) await turnLog.append(batchesOf(turn, ['a', 'b'], attempt));
    await turnLog.append(batchesOf(next, ['stays']));
    await turnLog.remove(scope, turn);
    await turnLog.remove(scope, turn);
    expect(await stored(turn)).toBe(0);
    expect(await read(next)).toBe('stays');
  });
});
