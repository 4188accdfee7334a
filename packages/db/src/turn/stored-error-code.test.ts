import { type ErrorCode, errorCodes } from '@parley/contract';
import { expect, test } from 'vitest';
import { fromErrorFields, toErrorFields } from './stored-error-code.ts';

test.each(errorCodes)('the error code %s is read as it was stored', (code) => {
  expect(fromErrorFields(toErrorFields(code))).toBe(code);
});

test.each<[ErrorCode, ErrorCode]>([
  ['model_key_refused', 'model_refused'],
  ['model_not_found', 'model_refused'],
  ['model_unreachable', 'model_failed'],
])('release 0.1.0, which does not know %s, reads %s', (code, older) => {
  expect(toErrorFields(code).errorCode).toBe(older);
});

test('a turn without an error has no error fields', () => {
  expect(toErrorFields(undefined)).toEqual({});
});
