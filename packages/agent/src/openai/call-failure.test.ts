import { APIConnectionError, APIError } from 'openai';
import { describe, expect, test } from 'vitest';
import { ModelError } from '../model-error.ts';
import { BrokenCall } from './broken-call.ts';
import { failureOf, retryAfterMs } from './call-failure.ts';
import { readProviderError } from './provider-error.ts';

const secrets = {
  apiKey: 'sk-secret-key',
  texts: ['The merger with Initech closes on the 4th of May, tell nobody.', 'Tabasco'],
};

function answered(status: number, body: unknown, headers: Record<string, string> = {}): APIError {
  return APIError.generate(status, { error: body }, undefined, new Headers(headers));
}

describe('the meaning of a status', () => {
  test.each([
    [400, 'model_refused', 'never'],
    [401, 'model_key_refused', 'never'],
    [402, 'model_refused', 'never'],
    [403, 'model_key_refused', 'never'],
    [404, 'model_not_found', 'never'],
    [408, 'model_timeout', 'later'],
    [409, 'model_failed', 'later'],
    [413, 'model_refused', 'never'],
    [422, 'model_refused', 'never'],
    [429, 'model_rate_limited', 'later'],
    [500, 'model_failed', 'later'],
    [503, 'model_failed', 'later'],
    [504, 'model_timeout', 'later'],
    [307, 'model_refused', 'never'],
  ])('the status %i is %s, and the retry is: %s', (status, code, retry) => {
    expect(failureOf(answered(status, {}), secrets)).toMatchObject({ code, retry });
    const broken = new BrokenCall('x', { reported: { status } });
    expect(failureOf(broken, secrets)).toMatchObject({ code, retry });
  });

  test.each([
    ['a wrong key with 400', 400, { error: { code: 'invalid_api_key' } }, 'model_key_refused'],
    ['an unknown model with 400', 400, { error: { code: 'model_not_found' } }, 'model_not_found'],
    ['an account without credit', 429, { error: { code: 'insufficient_quota' } }, 'model_rate_limited'],
  ])('a failure is distinguished by the code of its error: %s', (_, status, { error }, code) => {
    expect(failureOf(answered(status, error), secrets)).toMatchObject({ code, retry: 'never' });
  });

  test.each([
    ['{"error":{"message":"no","code":"invalid_api_key"}}', 'model_key_refused'],
    ['{"error":{"message":"no","code":"401"}}', 'model_key_refused'],
    ['{"object":"error","message":"no","code":404}', 'model_not_found'],
    ['[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}]', 'model_rate_limited'],
    ['{"error":{"type":"overloaded_error"}}', 'model_failed'],
    ['{"error":"out of memory"}', 'model_failed'],
  ])('an error within an answer is read: %s is %s', (reported, code) => {
    const broken = new BrokenCall('x', { reported: readProviderError(JSON.parse(reported)) });
    expect(failureOf(broken, secrets)).toMatchObject({ code });
  });

  test('a failure follows the server’s word on retries', () => {
    const never = answered(429, {}, { 'x-should-retry': 'false' });
    expect(failureOf(never, secrets)).toMatchObject({ code: 'model_rate_limited', retry: 'never' });
    const please = answered(400, {}, { 'x-should-retry': 'true' });
    expect(failureOf(please, secrets)).toMatchObject({ code: 'model_refused', retry: 'later' });
  });

  test('an error from outside of a call is a failure without a retry, with the error as its cause', () => {
    const bug = new TypeError('a bug');
    expect(failureOf(bug, secrets)).toEqual({ code: 'model_failed', retry: 'never', cause: bug });
  });
});

describe('the cause, for the log', () => {
  test('the cause for the log has the status, the codes and the message of the server', () => {
    const error = answered(
      404,
      { message: 'The model `x` does not exist', type: 'invalid_request_error', code: 'model_not_found' },
      { 'x-request-id': 'req-1' },
    );
    expect(failureOf(error, secrets)?.cause.message).toBe(
      "the model's server answered HTTP 404 invalid_request_error model_not_found req-1: The model `x` does not exist",
    );
  });

  test('the cause for the log says why there was no connection', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    const failure = failureOf(new APIConnectionError({ message: 'x', cause }), secrets);
    expect(failure).toMatchObject({ code: 'model_unreachable', retry: 'later' });
    expect(failure?.cause.message).toContain('(ECONNREFUSED): connect ECONNREFUSED 127.0.0.1:1');
  });

  test.each([
    ['ENOTFOUND', 'getaddrinfo ENOTFOUND models.example'],
    ['EAI_AGAIN', 'getaddrinfo EAI_AGAIN models.example'],
    ['ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1'],
    ['CERT_HAS_EXPIRED', 'certificate has expired'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"],
  ])('a connection that fails with %s is repeated, and is for the operator to fix', (word, message) => {
    const cause = Object.assign(new Error(message), { code: word });
    const failure = failureOf(new APIConnectionError({ message: 'x', cause }), secrets);
    expect(failure).toMatchObject({ code: 'model_unreachable', retry: 'later' });
    expect(failure.cause.message).toContain(`(${word}): ${message}`);
    expect(new ModelError(failure.code, { calls: 3, cause: failure.cause }).needsOperator).toBe(true);
  });

  test.each(['ECONNRESET', 'EPIPE'])(
    'a connection that breaks with %s is repeated, and is not for the operator to fix',
    (word) => {
      const cause = Object.assign(new Error(word), { code: word });
      const failure = failureOf(new APIConnectionError({ message: 'x', cause }), secrets);
      expect(failure).toMatchObject({ code: 'model_failed', retry: 'later' });
      expect(new ModelError(failure.code, { calls: 3, cause: failure.cause }).needsOperator).toBe(false);
    },
  );

  test.each([
    ['the key', { message: 'Incorrect API key provided: sk-secret-key.' }, 'sk-secret-key'],
    ['a half hidden key', { message: 'Incorrect API key provided: sk-proj-****4f2a.' }, '4f2a'],
    ['a message in part', { message: 'bad input: "er with Initech closes on the 4th"' }, 'Initech'],
    ['a short message', { message: 'unexpected Tabasco' }, 'Tabasco'],
    ['what is far into a long sentence', { message: `${'-'.repeat(400)}Tabasco` }, 'Tabasco'],
    ['a body of another form', { detail: [{ input: 'Tabasco' }] }, 'Tabasco'],
    ['codes that are none', { type: 'Tabasco pepper', code: 'Tabasco!' }, 'Tabasco'],
  ])('the cause for the log never has %s', (_, body, secret) => {
    const failure = failureOf(answered(400, body), secrets);
    expect(failure?.cause.message).toContain('HTTP 400');
    expect(failure?.cause.message).not.toContain(secret);
    expect(Object.keys(failure?.cause ?? {})).toEqual([]);
  });

  test('an empty key does not damage the cause for the log', () => {
    const failure = failureOf(answered(400, { message: 'no such model' }), { ...secrets, apiKey: '' });
    expect(failure?.cause.message).toMatch(/no such model$/);
  });
});

describe('the wait that a server asks for', () => {
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
  ])('the header %j means %s ms', (headers, ms) => {
    expect(retryAfterMs(new Headers(headers as Record<string, string>), now)).toBe(ms);
  });
});
