import { ApiError, errorCodes } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { en } from '../texts/en.ts';
import { textsIn } from '../texts/texts.ts';
import { problemCodeOf, problemTextOf } from './problem-text.ts';

const texts = textsIn('en', en);

describe('the texts of problems', () => {
  test.each([...errorCodes, 'network', 'unknown'] as const)('%s has a title and advice', (code) => {
    const { title, advice } = problemTextOf({ code }, texts);
    expect(title).toMatch(/^[A-Z][^.]+$/);
    expect(advice).toMatch(/\.$/);
  });

  test.each(['model_key_refused', 'model_not_found', 'model_unreachable'] as const)(
    'the text of %s says that the message is saved and that the owner of the service has to act',
    (code) => {
      const { advice } = problemTextOf({ code }, texts);
      expect(advice).toContain('Your message is saved.');
      expect(advice).toMatch(/The owner of this service needs to|contact the owner of this service/);
    },
  );

  test('the text of a loading model contains its progress', () => {
    const { message } = new ApiError('model_loading', { detail: '40 % of 93 MB are here.' });
    expect(problemTextOf({ code: 'model_loading', message }, texts).advice).toMatch(
      /^40 % of 93 MB are here\. We’ll send your message/,
    );
    const { message: bare } = new ApiError('model_loading');
    expect(problemTextOf({ code: 'model_loading', message: bare }, texts).advice).toMatch(
      /^We’ll send your message/,
    );
  });

  test('the text of a failed answer names the time at which a retry may succeed, until that time has come', () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    const { advice } = problemTextOf({ code: 'model_rate_limited', retryAt: soon }, texts);
    expect(advice).toMatch(/^Retry after .*\d:\d\d.*\.$/);
    const past = new Date(Date.now() - 60_000).toISOString();
    expect(problemTextOf({ code: 'model_rate_limited', retryAt: past }, texts).advice).toBe(
      problemTextOf({ code: 'model_rate_limited' }, texts).advice,
    );
  });

  test('the text of an internal error contains the id of its request', () => {
    expect(problemTextOf({ code: 'internal_error', requestId: 'req_1' }, texts).advice).toContain('req_1');
  });

  test('problemCodeOf returns unknown for codes that this page does not know', () => {
    expect(problemCodeOf('model_failed')).toBe('model_failed');
    expect(problemCodeOf('toString')).toBe('unknown');
    expect(problemCodeOf(undefined)).toBe('unknown');
  });
});
