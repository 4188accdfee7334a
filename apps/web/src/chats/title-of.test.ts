import { expect, test } from 'vitest';
import { titleOf } from './title-of.ts';

test.each([' A title ', 'שלום', '🙂', '¿?', '字', '1'])('shows the title %j', (title) => {
  expect(titleOf({ title })).toBe(title.trim());
});

test.each(['', '  ', '\u200b', '\u202e', '\u2800', '\u3164', '\u00ad\ufe0f', '\ud83d', undefined])(
  'shows a default for the title %j, which cannot be seen',
  (title) => {
    expect(titleOf({ title } as never)).toBe('New chat');
  },
);
