import { errorCodes, Refusal } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { problemCodeOf, wordsFor } from './problem-words.ts';

describe('the words for what goes wrong', () => {
  test.each([...errorCodes, 'network', 'unknown'] as const)('%s has its own', (code) => {
    const { title, advice } = wordsFor({ code });
    expect(title).toMatch(/^[A-Z][^.]+$/);
    expect(advice).toMatch(/\.$/);
  });

  test('a loading model is told with its progress', () => {
    const { message } = new Refusal('model_loading', { detail: '40 % of 93 MB are here.' });
    expect(wordsFor({ code: 'model_loading', message }).advice).toMatch(/^40 % of 93 MB are here\. Your/);
    const { message: bare } = new Refusal('model_loading');
    expect(wordsFor({ code: 'model_loading', message: bare }).advice).toMatch(/^Your/);
  });

  test('a bug is told with the number of its request', () => {
    expect(wordsFor({ code: 'internal_error', requestId: 'req_1' }).advice).toContain('req_1');
  });

  test('a code of a newer server is unknown', () => {
    expect(problemCodeOf('model_failed')).toBe('model_failed');
    expect(problemCodeOf('toString')).toBe('unknown');
    expect(problemCodeOf(undefined)).toBe('unknown');
  });
});
