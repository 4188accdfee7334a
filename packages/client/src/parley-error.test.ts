import { TRPCClientError } from '@trpc/client';
import { describe, expect, test } from 'vitest';
import { CredentialError, ForeignResponse, isRetryable, ParleyError, toParleyError } from './parley-error.ts';

/** An error as tRPC creates it from an error response. */
function rejection(status: number, apiError: object, headers: Record<string, string> = {}): unknown {
  const data = { code: 'X', httpStatus: status, apiError };
  const response = new Response(null, { status: 207, headers });
  return TRPCClientError.from({ error: { message: 'No.', code: -32_600, data } }, { meta: { response } });
}

test('reads the error of a server of release 0.1.0, which has another name there', () => {
  const data = { code: 'CONFLICT', httpStatus: 409, refusal: { code: 'chat_full', message: 'Full.' } };
  const error = TRPCClientError.from({ error: { message: 'No.', code: -32_600, data } });
  expect(toParleyError(error)).toMatchObject({ code: 'chat_full', message: 'Full.' });
});

test('keeps all fields of an error response', () => {
  const error = toParleyError(
    rejection(
      400,
      {
        code: 'invalid_input',
        message: 'Not valid.',
        requestId: 'req_1',
        issues: [{ path: 'title', message: 'must not be blank' }],
        messageId: 'msg_1',
      },
      { 'retry-after': '5' },
    ),
  );
  expect(error).toBeInstanceOf(ParleyError);
  expect(error).toMatchObject({
    code: 'invalid_input',
    message: 'Not valid.',
    requestId: 'req_1',
    issues: [{ path: 'title', message: 'must not be blank' }],
    messageId: 'msg_1',
    retryAfterMs: 5_000,
    status: 400,
  });
  expect(toParleyError(error)).toBe(error);
});

test.each([
  ['3600', 60_000],
  ['0', 0],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ['-1', undefined],
])('converts `Retry-After: %s` to %s ms', (header, ms) => {
  expect(toParleyError(rejection(503, { code: 'draining' }, { 'retry-after': header })).retryAfterMs).toBe(
    ms,
  );
});

describe('the code of an error without an error response', () => {
  test.each([
    ['a failed connection', new TypeError('fetch failed'), 'network'],
    [
      'a failed connection, wrapped by tRPC',
      TRPCClientError.from(new TypeError('Failed to fetch')),
      'network',
    ],
    ['a timeout', new DOMException('time', 'TimeoutError'), 'network'],
    [
      'the error page of a gateway',
      TRPCClientError.from(new ForeignResponse(new Response('', { status: 502 }))),
      'network',
    ],
    [
      'a page of another server',
      TRPCClientError.from(new ForeignResponse(new Response('', { status: 404 }))),
      'unknown',
    ],
    ['a failed stream', TRPCClientError.from(Object.assign(new Event('error'), { code: 503 })), 'network'],
    [
      'an unreachable source of keys',
      new CredentialError('unauthorized', new TypeError('fetch failed')),
      'network',
    ],
    [
      'a source that reports a network error',
      new CredentialError('unauthorized', Object.assign(new Error(), { code: 'network' })),
      'network',
    ],
    [
      'a source that throws a ParleyError',
      new CredentialError('unauthorized', new ParleyError('draining', '')),
      'draining',
    ],
    [
      'a source of keys that throws an error',
      new CredentialError('unauthorized', new Error('Sign in.')),
      'unauthorized',
    ],
    [
      'a source of user tokens that throws an error',
      new CredentialError('user_token_needed', new Error('Sign in.')),
      'user_token_needed',
    ],
    ['a bug', new RangeError('bug'), 'unknown'],
    ['a thrown string', 'thrown', 'unknown'],
    ['nothing', undefined, 'unknown'],
  ])('%s', (_, thrown, code) => {
    expect(toParleyError(thrown).code).toBe(code);
  });
});

test('isRetryable distinguishes transient and permanent errors', () => {
  const codes = (['model_loading', 'internal_error', 'chat_full', 'unauthorized'] as const).map(
    (code, index) => isRetryable(new ParleyError(code, '', { status: [503, 500, 409, 401][index] })),
  );
  expect(codes).toEqual([true, true, false, false]);
  expect(isRetryable(new ParleyError('queue_full', '', { status: 409, retryAfterMs: 2_000 }))).toBe(true);
  expect(isRetryable(new ParleyError('network', ''))).toBe(true);
  expect(isRetryable(new ParleyError('unknown', ''))).toBe(false);
});
