import { describe, expect, test } from 'vitest';
import { errorCodes, errorEntry } from './error-codes.ts';
import { mintId } from './id.ts';
import { Refusal, refusalEnvelopeSchema, toEnvelope } from './refusal.ts';

describe('the error envelope', () => {
  test.each(errorCodes)('of %s fits its schema', (code) => {
    const refusal = new Refusal(code);
    const envelope = toEnvelope(refusal, 'req_1');
    expect(refusalEnvelopeSchema.strict().parse(envelope)).toEqual(envelope);
    expect(Object.keys(envelope)).toEqual(['error', 'message', 'code', 'requestId']);
    expect(refusal.retryAfterSeconds).toBe(errorEntry(code).retryAfterSeconds);
  });

  test('contains issues and the id of the answer if there are any', () => {
    const issues = [{ path: 'content', message: 'must have at least 1 character(s)' }];
    const messageId = mintId('message');
    expect(toEnvelope(new Refusal('invalid_input', { issues }), 'req_1')).toMatchObject({ issues });
    expect(toEnvelope(new Refusal('draining', { messageId }), 'req_1')).toMatchObject({ messageId });
  });

  test('never contains the cause', () => {
    const cause = new Error('canary', { cause: new Error('canary') });
    const envelope = toEnvelope(new Refusal('internal_error', { cause }), 'req_1');
    expect(JSON.stringify(envelope)).not.toContain('canary');
  });

  test('adds the detail of the error to the message of the register', () => {
    const { message } = toEnvelope(new Refusal('model_loading', { detail: 'It is at 40 %.' }), 'req_1');
    expect(message).toBe(`${errorEntry('model_loading').message} It is at 40 %.`);
  });
});

test('a Refusal is an Error with a name, a stack trace and a cause', () => {
  const cause = new Error('why');
  const refusal = new Refusal('chat_full', { cause });
  expect(refusal).toBeInstanceOf(Error);
  expect(refusal).toMatchObject({ name: 'Refusal', status: 409, code: 'chat_full', cause });
  expect(refusal.stack).toContain('refusal.test.ts');
});
