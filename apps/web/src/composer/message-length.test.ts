import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { measureMessage, messageLengthMax } from './message-length.ts';

test('messageLengthMax equals the limit of the API', () => {
  expect(messageLengthMax).toBe(limits.messageLengthMax);
});

test('measureMessage counts an emoji as one character and allows the limit itself', () => {
  expect(measureMessage('😀'.repeat(messageLengthMax))).toEqual({
    left: 0,
    isTooLong: false,
    isNearMax: true,
  });
  expect(measureMessage('a'.repeat(messageLengthMax + 1))).toMatchObject({ left: -1, isTooLong: true });
  expect(measureMessage('hello')).toMatchObject({ isNearMax: false });
});
