import { ApiError } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { describeError } from './describe-error.ts';

/** An error as a library makes one: a name, and perhaps more. */
function errorNamed(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields });
}

describe('the log contains the message of an error', () => {
  test.each([
    ['of an API error', new ApiError('chat_full')],
    ['of a bug of ours', new TypeError('x is not a function')],
    ['of a socket', errorNamed('Error', 'connect ECONNREFUSED 127.0.0.1:27017', { syscall: 'connect' })],
    ['of the driver, about the network', errorNamed('MongoNetworkError', 'connection 5 closed')],
    [
      'of a model server, about its set-up',
      errorNamed('AuthenticationError', 'Incorrect API key', { status: 401 }),
    ],
  ])('%s', (_, error) => {
    expect(describeError(error).message).toBe(error.message);
  });
});

describe('the log omits the message of an error that may quote a person', () => {
  test.each([
    ['of JSON that could not be parsed', errorNamed('SyntaxError', 'Unexpected token c in "canary"')],
    [
      'of the database, about a document',
      errorNamed('MongoServerError', 'E11000 dup key: { user: "canary" }', { code: 11_000 }),
    ],
    ['of a schema', errorNamed('ValidationError', 'canary')],
    ['of a model server, about what it was sent', errorNamed('BadRequestError', 'canary', { status: 400 })],
    ['of nobody in particular', new Error('canary')],
  ])('%s', (_, error) => {
    const described = describeError(error);
    expect(described).not.toHaveProperty('message');
    expect(JSON.stringify(described)).not.toContain('canary');
    expect(described.name).not.toBe('');
    expect(described.stack).toContain('describe-error.test.ts');
  });
});

test('the log contains the stack of an error without its message', () => {
  const { stack = '' } = describeError(new Error('canary\n    at least one canary'));
  expect(stack).toMatch(/^\s+at /);
  expect(stack).toContain('describe-error.test.ts');
});

test('the log contains the causes of an error, each by the same rules', () => {
  const root = errorNamed('MongoServerError', 'canary', { code: 11_000 });
  expect(describeError(new ApiError('internal_error', { cause: root }))).toMatchObject({
    name: 'ApiError',
    cause: { name: 'MongoServerError', code: 11_000 },
  });
  let chain = new Error('end');
  for (let index = 0; index < 50; index++) chain = new Error('more', { cause: chain });
  expect(JSON.stringify(describeError(chain)).match(/"cause"/g)?.length).toBeLessThan(10);
});

test('describing an error that is its own cause ends', () => {
  const error = new Error('round');
  error.cause = error;
  expect(() => JSON.stringify(describeError(error))).not.toThrow();
});

test.each([
  'sk-abcdef123456',
  'sk_live_ABCDEFGHIJ',
  'pk_live_ABCDEFGHIJ',
  'sk-proj-abc_def-123',
  'sk-abc***xyz',
])('the log removes the key %s from the message of an error', (key) => {
  const { message } = describeError(new TypeError(`Incorrect API key provided: ${key}. See …`));
  expect(message).toContain('[key]');
  expect(message).not.toContain(key.slice(3, 12));
});

test('the log cuts the long message of an error', () => {
  expect(describeError(new TypeError('x'.repeat(10_000))).message?.length).toBeLessThanOrEqual(300);
});

test.each([
  ['a text', 'canary', 'string'],
  ['an object', { message: 'canary' }, 'object'],
  ['nothing', undefined, 'undefined'],
])('the log contains only the type of a thrown value that is no error: %s', (_, thrown, name) => {
  expect(describeError(thrown)).toEqual({ name });
});
