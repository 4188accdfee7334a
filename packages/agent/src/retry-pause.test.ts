import { describe, expect, test } from 'vitest';
import type { ModelFailure } from './model/model-failure.ts';
import { type RetrySituation, retryPauseMs } from './retry-pause.ts';

const failure: ModelFailure = { code: 'model_failed', retry: 'later', cause: new Error('scripted') };
const situation: RetrySituation = {
  failure,
  calls: 1,
  callsMax: 3,
  hasEmitted: false,
  remainingMs: 60_000,
  retryDelayMs: 500,
};

describe('the pause before the next call', () => {
  test('the pause doubles with each call, and half of it is random', () => {
    expect(retryPauseMs(situation, 0)).toBe(250);
    expect(retryPauseMs(situation, 0.5)).toBe(375);
    expect(retryPauseMs({ ...situation, calls: 2 }, 0)).toBe(500);
  });

  test('the pause grows to eight seconds at most', () => {
    expect(retryPauseMs({ ...situation, calls: 20, callsMax: 99 }, 0)).toBe(4_000);
  });

  test('the pause is at least the one that the server asks for', () => {
    const asked = { ...failure, retryAfterMs: 20_000 };
    expect(retryPauseMs({ ...situation, failure: asked }, 0)).toBe(20_000);
    expect(retryPauseMs({ ...situation, failure: asked }, 0.5)).toBe(20_125);
  });

  test('the pause is zero if the next request has another form', () => {
    expect(retryPauseMs({ ...situation, failure: { ...failure, retry: 'now' } }, 0.5)).toBe(0);
  });

  test.each<[string, Partial<RetrySituation>]>([
    ['what failed would fail again', { failure: { ...failure, retry: 'never' } }],
    ['a piece of the answer was emitted', { hasEmitted: true }],
    ['all calls were made', { calls: 3 }],
    ['the time does not suffice', { remainingMs: 250 }],
    ['the server asks for more than 20 seconds', { failure: { ...failure, retryAfterMs: 20_001 } }],
    [
      'the server asks for more time than is left',
      { failure: { ...failure, retryAfterMs: 9_000 }, remainingMs: 8_000 },
    ],
  ])('no pause is made if %s', (_, change) => {
    expect(retryPauseMs({ ...situation, ...change }, 0)).toBeUndefined();
  });
});
