import type { TurnRecord } from '@parley/db';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EndedOutcome } from '../turn-outcome.ts';
import { type History, historyAfter } from './known-history.ts';

const user = (content: string) => ({ role: 'user', content }) as const;
const assistant = (content: string) => ({ role: 'assistant', content }) as const;
const turn = (content: string): Pick<TurnRecord, 'userMessage'> => ({
  userMessage: { id: 'msg_u', role: 'user', content, createdAt: new Date() },
});
const answered = (content: string): EndedOutcome => ({
  kind: 'answered',
  status: 'completed',
  attempt: 1,
  answer: { id: 'msg_a', role: 'assistant', content, createdAt: new Date() },
});
const failed: EndedOutcome = { kind: 'failed', errorCode: 'model_failed', attempt: 1, text: 'half' };

describe('historyAfter', () => {
  test('the history contains the earlier history, the message and its answer, and no other fields', () => {
    expect(historyAfter([user('a'), assistant('b')], turn('c'), answered('d'), 1_000)).toEqual([
      user('a'),
      assistant('b'),
      user('c'),
      assistant('d'),
    ]);
  });

  test('the history contains the message of a failed turn without its text', () => {
    expect(historyAfter([], turn('c'), failed, 1_000)).toEqual([user('c')]);
  });

  test('no history is known after a retry, whose earlier message depends on its outcome', () => {
    const refused = { ...user('a'), isRefused: true };
    expect(historyAfter([refused], {}, answered('d'), 1_000)).toBeUndefined();
  });

  test('no history is known after a message that the model refused', () => {
    const outcome: EndedOutcome = { ...failed, errorCode: 'model_refused' };
    expect(historyAfter([user('a'), assistant('b')], turn('c'), outcome, 1_000)).toBeUndefined();
  });

  test('the history keeps the mark of an earlier message that the model refused', () => {
    const refused = { ...user('a'), isRefused: true };
    expect(historyAfter([refused], turn('b'), answered('c'), 1_000)).toEqual([
      refused,
      user('b'),
      assistant('c'),
    ]);
  });

  test('the history contains as many of the newest turns as fit in the bytes, with the last one whole', () => {
    const before = [user('aaaa'), assistant('bbbb'), user('éé'), assistant('dd')];
    expect(historyAfter(before, turn('ee'), answered('ff'), 4)).toEqual([
      user('éé'),
      assistant('dd'),
      user('ee'),
      assistant('ff'),
    ]);
    expect(historyAfter(before, turn('ee'), answered('ff'), 3)).toEqual([user('ee'), assistant('ff')]);
  });
});

/** The history that a query returns: as many of the newest turns as fill the bytes. */
function lookedUp(turns: readonly (readonly [string, string])[], bytesMax: number): History {
  const found: History[] = [];
  let bytes = 0;
  for (const [question, answer] of turns.toReversed()) {
    found.unshift([user(question), assistant(answer)]);
    bytes += Buffer.byteLength(question) + Buffer.byteLength(answer);
    if (bytes > bytesMax) break;
  }
  return found.flat();
}

test('the remembered history equals the stored history after each turn', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, text), { maxLength: 30 }),
      fc.integer({ min: 0, max: 200 }),
      (turns, max) => {
        let history: History = [];
        for (const [index, [question, answer]] of turns.entries()) {
          history = historyAfter(history, turn(question), answered(answer), max) ?? [];
          expect(history).toEqual(lookedUp(turns.slice(0, index + 1), max));
        }
      },
    ),
  );
});
