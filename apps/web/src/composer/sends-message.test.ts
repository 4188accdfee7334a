import { expect, test } from 'vitest';
import { sendsMessage } from './sends-message.ts';

const enter = { key: 'Enter', keyCode: 13, isComposing: false, shiftKey: false, altKey: false };

test('Enter sends, Shift+Enter and Alt+Enter do not', () => {
  expect(sendsMessage(enter)).toBe(true);
  expect(sendsMessage({ ...enter, shiftKey: true })).toBe(false);
  expect(sendsMessage({ ...enter, altKey: true })).toBe(false);
});

test('Enter does not send while an input method composes text', () => {
  expect(sendsMessage({ ...enter, isComposing: true })).toBe(false);
  expect(sendsMessage({ ...enter, keyCode: 229 })).toBe(false);
});
