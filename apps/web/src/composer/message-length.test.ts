import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { measureMessage, messageLengthMax } from './message-length.ts';

test("the composer's limit is the contract's", () => {
  expect(messageLengthMax).toBe(limits.messageLengthMax);
});

test('an emoji counts once, and the limit itself is allowed', () => {
  expect(measureMessage('😀'.repeat(messageLengthMax))).toEqual({
    left: 0,
    isTooLong: false,
    isNearMax: true,
  });
  expect(measureMessage('a'.repeat(messageLengthMax + 1))).toMatchObject({ left: -1, isTooLong: true });
  expect(measureMessage('hello')).toMatchObject({ isNearMax: false });
});
