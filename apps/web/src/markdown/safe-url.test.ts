import { describe, expect, test } from 'vitest';
import { safeUrl } from './safe-url.ts';

describe('safeUrl', () => {
  test.each([
    ['https://example.com/a?b=c#d', 'https://example.com/a?b=c#d'],
    ['HTTP://example.com', 'http://example.com/'],
    ['mailto:a@example.com', 'mailto:a@example.com'],
    [' https://example.com ', 'https://example.com/'],
  ])('accepts %s', (address, expected) => {
    expect(safeUrl(address)).toBe(expected);
  });

  test.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    '\u0001javascript:alert(1)',
    'vbscript:x',
    'data:text/html,<script>alert(1)</script>',
    'blob:https://example.com/1',
    'file:///etc/passwd',
    'about:blank',
    'ftp://example.com',
    '//example.com',
    '/c/chat_1',
    '#top',
    'streamdown:incomplete-link',
    'https://',
    '',
    undefined,
  ])('rejects %j', (address) => {
    expect(safeUrl(address)).toBeUndefined();
  });
});
