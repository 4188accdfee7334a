import { TRPCClientError } from '@trpc/client';
import { describe, expect, test } from 'vitest';
import { CredentialMissing, ForeignAnswer, isRetryable, ParleyError, toParleyError } from './parley-error.ts';

/** An error as tRPC makes it of a refusal. */
function refused(status: number, refusal: object, headers: Record<string, string> = {}): unknown {
  const data = { code: 'X', httpStatus: status, refusal };
  const response = new Response(null, { status: 207, headers });
  return TRPCClientError.from({ error: { message: 'No.', code: -32_600, data } }, { meta: { response } });
}

test('a refusal is told with all it says', () => {
  const error = toParleyError(
    refused(
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
])('of `Retry-After: %s` it makes %s ms', (header, ms) => {
  expect(toParleyError(refused(503, { code: 'draining' }, { 'retry-after': header })).retryAfterMs).toBe(ms);
});

describe('what is not a refusal', () => {
  test.each([
    ['no connection', new TypeError('fetch failed'), 'network'],
    ['no connection, told by tRPC', TRPCClientError.from(new TypeError('Failed to fetch')), 'network'],
    ['no answer in time', new DOMException('time', 'TimeoutError'), 'network'],
    [
      'a gateway’s page',
      TRPCClientError.from(new ForeignAnswer(new Response('', { status: 502 }))),
      'network',
    ],
    [
      'another server’s page',
      TRPCClientError.from(new ForeignAnswer(new Response('', { status: 404 }))),
      'unknown',
    ],
    [
      'a stream that fails',
      TRPCClientError.from(Object.assign(new Event('error'), { code: 503 })),
      'network',
    ],
    [
      'a source out of reach',
      new CredentialMissing('unauthorized', new TypeError('fetch failed')),
      'network',
    ],
    [
      'a source that says so',
      new CredentialMissing('unauthorized', Object.assign(new Error(), { code: 'network' })),
      'network',
    ],
    [
      'a source that knows',
      new CredentialMissing('unauthorized', new ParleyError('draining', '')),
      'draining',
    ],
    ['a source that says no', new CredentialMissing('unauthorized', new Error('Sign in.')), 'unauthorized'],
    [
      'a source of user tokens that says no',
      new CredentialMissing('user_token_needed', new Error('Sign in.')),
      'user_token_needed',
    ],
    ['a bug', new RangeError('bug'), 'unknown'],
    ['a text', 'thrown', 'unknown'],
    ['nothing', undefined, 'unknown'],
  ])('%s', (_, thrown, code) => {
    expect(toParleyError(thrown).code).toBe(code);
  });
});

test('what may succeed later is told apart from what may not', () => {
  const codes = (['model_loading', 'internal_error', 'chat_full', 'unauthorized'] as const).map(
    (code, index) => isRetryable(new ParleyError(code, '', { status: [503, 500, 409, 401][index] })),
  );
  expect(codes).toEqual([true, true, false, false]);
  expect(isRetryable(new ParleyError('queue_full', '', { status: 409, retryAfterMs: 2_000 }))).toBe(true);
  expect(isRetryable(new ParleyError('network', ''))).toBe(true);
  expect(isRetryable(new ParleyError('unknown', ''))).toBe(false);
});
