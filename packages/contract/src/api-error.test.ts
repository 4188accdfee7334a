import { describe, expect, test } from 'vitest';
import { ApiError, errorEnvelopeSchema, toEnvelope, toErrorData } from './api-error.ts';
import { errorCodes, errorEntry } from './error-codes.ts';
import { mintId } from './id.ts';

describe('the error envelope', () => {
  test.each(errorCodes)('the error envelope of %s fits its schema', (code) => {
    const apiError = new ApiError(code);
    const envelope = toEnvelope(apiError, 'req_1');
    expect(errorEnvelopeSchema.strict().parse(envelope)).toEqual(envelope);
    expect(Object.keys(envelope)).toEqual(['error', 'message', 'code', 'requestId']);
    expect(apiError.retryAfterSeconds).toBe(errorEntry(code).retryAfterSeconds);
  });

  test('the error envelope contains issues and the id of the answer if there are any', () => {
    const issues = [{ path: 'content', message: 'must have at least 1 character(s)' }];
    const messageId = mintId('message');
    expect(toEnvelope(new ApiError('invalid_input', { issues }), 'req_1')).toMatchObject({ issues });
    expect(toEnvelope(new ApiError('draining', { messageId }), 'req_1')).toMatchObject({ messageId });
  });

  test('the error envelope never contains the cause', () => {
    const cause = new Error('canary', { cause: new Error('canary') });
    const envelope = toEnvelope(new ApiError('internal_error', { cause }), 'req_1');
    expect(JSON.stringify(envelope)).not.toContain('canary');
  });

  test('the error envelope adds the detail of the error to the message of the register', () => {
    const { message } = toEnvelope(new ApiError('model_loading', { detail: 'It is at 40 %.' }), 'req_1');
    expect(message).toBe(`${errorEntry('model_loading').message} It is at 40 %.`);
  });
});

test('an ApiError is an Error with a name, a stack trace and a cause', () => {
  const cause = new Error('why');
  const apiError = new ApiError('chat_full', { cause });
  expect(apiError).toBeInstanceOf(Error);
  expect(apiError).toMatchObject({ name: 'ApiError', status: 409, code: 'chat_full', cause });
  expect(apiError.stack).toContain('api-error.test.ts');
});

test('the data of a tRPC error carries the envelope under its name and under the one that release 0.1.0 reads', () => {
  const envelope = toEnvelope(new ApiError('chat_full'), 'req_1');
  expect(toErrorData(envelope)).toEqual({ apiError: envelope, refusal: envelope });
});
