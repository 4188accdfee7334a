import { describe, expect, test } from 'vitest';
import { shortcutOf } from './shortcut-of.ts';

const press = (key: string, held: Partial<Parameters<typeof shortcutOf>[0]> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  ...held,
});
const free = { isTyping: false, areSingleKeysOn: true };

describe('shortcutOf', () => {
  test('recognizes Ctrl or Cmd with Shift+O and with K, also while typing', () => {
    const typing = { ...free, isTyping: true };
    expect(shortcutOf(press('O', { ctrlKey: true, shiftKey: true }), typing)).toBe('new-chat');
    expect(shortcutOf(press('o', { metaKey: true, shiftKey: true }), typing)).toBe('new-chat');
    expect(shortcutOf(press('k', { metaKey: true }), typing)).toBe('search');
  });

  test('recognizes single keys unless the user is typing or has turned them off', () => {
    expect(shortcutOf(press('/'), free)).toBe('write');
    expect(shortcutOf(press('?', { shiftKey: true }), free)).toBe('help');
    expect(shortcutOf(press('/'), { ...free, isTyping: true })).toBeUndefined();
    expect(shortcutOf(press('?'), { ...free, areSingleKeysOn: false })).toBeUndefined();
  });

  test('ignores other keys, Alt and compositions', () => {
    expect(shortcutOf(press('o', { ctrlKey: true }), free)).toBeUndefined();
    expect(shortcutOf(press('k'), free)).toBeUndefined();
    expect(shortcutOf(press('k', { ctrlKey: true, altKey: true }), free)).toBeUndefined();
    expect(shortcutOf(press('/', { isComposing: true }), free)).toBeUndefined();
  });
});
