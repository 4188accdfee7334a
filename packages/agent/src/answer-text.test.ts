import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentEvent } from './agent.ts';
import { AnswerText } from './answer-text.ts';

/** Collects the emitted texts. */
function toTexts(emitted: string[]): (event: AgentEvent) => void {
  return (event) => {
    if (event.type === 'text-delta') emitted.push(event.text);
  };
}

/** Takes the pieces, flushes each one, and returns the emitted texts. */
function emittedOf(pieces: readonly string[], lengthMax = 1_000) {
  const emitted: string[] = [];
  const answer = new AnswerText(toTexts(emitted), lengthMax);
  for (const piece of pieces) {
    answer.add(piece);
    answer.flush();
  }
  answer.end();
  expect(emitted.join('')).toBe(answer.text);
  return { emitted, isCut: answer.isCut };
}

describe('the text of an answer', () => {
  test('the text holds back half a character until its other half has arrived', () => {
    expect(emittedOf(['a\ud83d', '\ude00b']).emitted).toEqual(['a', '😀b']);
  });

  test('the text replaces a half without its other half, in the middle and at the end', () => {
    expect(emittedOf(['\ude00a\ud83d', 'b\ud83d']).emitted.join('')).toBe('\uFFFDa\uFFFDb\uFFFD');
  });

  test('the text replaces NUL, which no text of Parley contains', () => {
    expect(emittedOf(['a\0b', '\0']).emitted).toEqual(['a\uFFFDb', '\uFFFD']);
  });

  test('the text emits what was added since the last time as one piece, and never an empty one', () => {
    const emitted: string[] = [];
    const answer = new AnswerText(toTexts(emitted), 10);
    for (const piece of ['a', '', 'b']) answer.add(piece);
    answer.flush();
    answer.flush();
    answer.end();
    expect(emitted).toEqual(['ab']);
  });

  test('the text is not cut at the longest length and is cut one unit beyond', () => {
    expect(emittedOf(['12', '345'], 5)).toEqual({ emitted: ['12', '345'], isCut: false });
    expect(emittedOf(['12', '3456', '7'], 5)).toEqual({ emitted: ['12', '345'], isCut: true });
  });

  test('the text is never cut inside a character', () => {
    expect(emittedOf(['1234😀'], 5)).toEqual({ emitted: ['1234'], isCut: true });
    expect(emittedOf(['12345', '😀'], 6)).toEqual({ emitted: ['12345'], isCut: true });
  });

  test('the text drops the held-back half of a call when the next call begins', () => {
    const emitted: string[] = [];
    const answer = new AnswerText(toTexts(emitted), 10);
    answer.add('\ud83d');
    answer.flush();
    answer.restart();
    answer.add('a');
    answer.end();
    expect(emitted).toEqual(['a']);
  });

  test('the text is the same however it is cut into pieces, well-formed and within its limit', () => {
    const unit = fc.oneof(fc.constantFrom('\ud83d', '\ude00', '\0', 'é', 'x'), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (pieces, lengthMax) => {
        const whole = pieces.join('').toWellFormed().replaceAll('\0', '\uFFFD');
        const { emitted, isCut } = emittedOf(pieces, lengthMax);
        const text = emitted.join('');
        expect(text.isWellFormed()).toBe(true);
        expect(whole.startsWith(text)).toBe(true);
        expect(isCut).toBe(whole.length > lengthMax);
        expect(text.length).toBeLessThanOrEqual(lengthMax);
        expect(text.length).toBeGreaterThanOrEqual(Math.min(whole.length, lengthMax - 1));
      }),
    );
  });
});
