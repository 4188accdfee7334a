import { APIConnectionError, APIError } from 'openai';
import { describe, expect, test } from 'vitest';
import { BrokenCall } from './broken-call.ts';
import { failureOf, retryAfterMs } from './call-failure.ts';

const secrets = {
  apiKey: 'sk-secret-key',
  messages: [
    { content: 'The merger with Initech closes on the 4th of May, tell nobody.' },
    { content: 'Tabasco' },
  ],
};

function answered(status: number, body: unknown, headers: Record<string, string> = {}): APIError {
  return APIError.generate(status, { error: body }, undefined, new Headers(headers));
}

describe('the meaning of a status', () => {
  test.each([
    [400, 'model_refused', false],
    [401, 'model_refused', false],
    [402, 'model_refused', false],
    [403, 'model_refused', false],
    [404, 'model_refused', false],
    [408, 'model_timeout', true],
    [409, 'model_failed', true],
    [413, 'model_refused', false],
    [422, 'model_refused', false],
    [429, 'model_rate_limited', true],
    [500, 'model_failed', true],
    [503, 'model_failed', true],
    [504, 'model_timeout', true],
    [307, 'model_refused', false],
  ])('%i is %s, worth another call: %s', (status, code, isPassing) => {
    expect(failureOf(answered(status, {}), secrets)).toMatchObject({ code, isPassing });
    if (status >= 400)
      expect(failureOf(new BrokenCall('x', status), secrets)).toMatchObject({ code, isPassing });
  });

  test('follows the server where it says whether to try again', () => {
    const never = answered(429, {}, { 'x-should-retry': 'false' });
    expect(failureOf(never, secrets)).toMatchObject({ code: 'model_rate_limited', isPassing: false });
    const please = answered(400, {}, { 'x-should-retry': 'true' });
    expect(failureOf(please, secrets)).toMatchObject({ code: 'model_refused', isPassing: true });
  });

  test('of an error that no call raises is none', () => {
    expect(failureOf(new TypeError('a bug'), secrets)).toBeUndefined();
  });
});

describe('the cause, for the log', () => {
  test('tells the status, the codes and the sentence of the server', () => {
    const error = answered(
      404,
      { message: 'The model `x` does not exist', type: 'invalid_request_error', code: 'model_not_found' },
      { 'x-request-id': 'req-1' },
    );
    expect(failureOf(error, secrets)?.cause.message).toBe(
      "the model's server answered HTTP 404 invalid_request_error model_not_found req-1: The model `x` does not exist",
    );
  });

  test('tells why there was no connection', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    const failure = failureOf(new APIConnectionError({ message: 'x', cause }), secrets);
    expect(failure).toMatchObject({ code: 'model_failed', isPassing: true });
    expect(failure?.cause.message).toContain('(ECONNREFUSED): connect ECONNREFUSED 127.0.0.1:1');
  });

  test.each([
    ['the key', { message: 'Incorrect API key provided: sk-secret-key.' }, 'sk-secret-key'],
    ['a message in part', { message: 'bad input: "er with Initech closes on the 4th"' }, 'Initech'],
    ['a short message', { message: 'unexpected Tabasco' }, 'Tabasco'],
    ['what is far into a long sentence', { message: `${'-'.repeat(400)}Tabasco` }, 'Tabasco'],
    ['a body of another form', { detail: [{ input: 'Tabasco' }] }, 'Tabasco'],
    ['codes that are none', { type: 'Tabasco pepper', code: 'Tabasco!' }, 'Tabasco'],
  ])('never repeats %s', (_, body, secret) => {
    const failure = failureOf(answered(400, body), secrets);
    expect(failure?.cause.message).toContain('HTTP 400');
    expect(failure?.cause.message).not.toContain(secret);
    expect(Object.keys(failure?.cause ?? {})).toEqual([]);
  });

  test('is unharmed by an empty key', () => {
    const failure = failureOf(answered(400, { message: 'no such model' }), { ...secrets, apiKey: '' });
    expect(failure?.cause.message).toMatch(/no such model$/);
  });
});

describe('what a server asks to wait', () => {
  const now = Date.parse('2026-05-04T12:00:00Z');
  test.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': 'Mon, 04 May 2026 12:00:09 GMT' }, 9_000],
    [{ 'retry-after': 'Mon, 04 May 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': '9', 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('%j is %s ms', (headers, ms) => {
    expect(retryAfterMs(new Headers(headers as Record<string, string>), now)).toBe(ms);
  });
});
