import { ApiError, errorCodes, statusOf, statusOfTrpcCode } from '@parley/contract';
import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { apiErrorOf, toTrpcError } from './api-error-of.ts';

const invalid = (schema: z.ZodType, value: unknown) =>
  apiErrorOf(new TRPCError({ code: 'BAD_REQUEST', cause: schema.safeParse(value).error }));

test.each(Object.entries(statusOfTrpcCode))('tRPC too answers %s with %i', (code, status) => {
  expect(getHTTPStatusCodeFromError(new TRPCError({ code: code as TRPCError['code'] }))).toBe(status);
});

test.each(errorCodes)('%s keeps its code and status through tRPC', (code) => {
  const apiError = new ApiError(code);
  const error = toTrpcError(apiError);
  expect(getHTTPStatusCodeFromError(error)).toBe(statusOf(code));
  expect(error.message).toBe(apiError.message);
  expect(apiErrorOf(error)).toBe(apiError);
});

describe('an error of tRPC itself', () => {
  test.each([
    ['BAD_REQUEST', 'malformed_request'],
    ['PARSE_ERROR', 'malformed_request'],
    ['NOT_FOUND', 'route_not_found'],
    ['METHOD_NOT_SUPPORTED', 'method_not_allowed'],
    ['PAYLOAD_TOO_LARGE', 'payload_too_large'],
    ['UNSUPPORTED_MEDIA_TYPE', 'unsupported_media_type'],
    ['INTERNAL_SERVER_ERROR', 'internal_error'],
    ['TOO_MANY_REQUESTS', 'internal_error'],
    ['TIMEOUT', 'internal_error'],
  ] as const)('%s becomes %s', (code, expected) => {
    expect(apiErrorOf(new TRPCError({ code, message: 'canary' }))).toMatchObject({ code: expected });
  });
});

test('an unregistered error becomes internal_error, with its cause for the log', () => {
  const error = new TRPCError({
    code: 'INTERNAL_SERVER_ERROR',
    message: 'canary',
    cause: new Error('canary'),
  });
  const apiError = apiErrorOf(error);
  expect(apiError).toMatchObject({ code: 'internal_error', cause: error });
  expect(apiError.message).not.toContain('canary');
});

test('an answer that does not match its schema is internal_error, not invalid_input', () => {
  const cause = z.string().safeParse(5).error;
  expect(apiErrorOf(new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause })).code).toBe('internal_error');
});

describe('the issues of invalid input', () => {
  const schema = z.strictObject({
    a: z.string(),
    list: z.array(z.strictObject({ b: z.number() })).optional(),
  });

  test('the issues of invalid input name each field by its path', () => {
    const apiError = invalid(schema, { a: 1, list: [{ b: 1 }, { b: 'x' }], other: 1, more: 2 });
    expect(apiError.facts.issues?.map(({ path }) => path)).toEqual(['a', 'list.1.b', 'other', 'more']);
    expect(apiError.facts.issues?.[2]).toEqual({ path: 'other', message: 'is not a known field' });
  });

  test('the issues of invalid input are at most 20, and short, however many and long the fields are', () => {
    const fields = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`${index}${'🙂'.repeat(1_000)}`, 1]),
    );
    const issues = invalid(schema, { a: 'x', ...fields }).facts.issues ?? [];
    expect(issues).toHaveLength(20);
    for (const { path } of issues) {
      expect(path.length).toBeLessThanOrEqual(202);
      expect(path.isWellFormed()).toBe(true);
    }
    const list = Array.from({ length: 500 }, () => ({ b: 'x' }));
    expect(invalid(schema, { a: 'x', list }).facts.issues).toHaveLength(20);
  });

  test('the issues of invalid input do not repeat what was sent', () => {
    const apiError = invalid(z.strictObject({ a: z.enum(['x']), b: z.email(), c: z.literal('y') }), {
      a: 'canary',
      b: 'canary',
      c: 'canary',
    });
    expect(JSON.stringify(apiError.facts.issues)).not.toContain('canary');
  });
});
