import { expect, test } from 'vitest';
import { en } from '../texts/en.ts';
import { textsIn } from '../texts/texts.ts';
import { titleOf } from './title-of.ts';

const { text } = textsIn('en', en);

test.each([' A title ', 'שלום', '🙂', '¿?', '字', '1'])('shows the title %j', (title) => {
  expect(titleOf({ title }, text)).toBe(title.trim());
});

test.each(['', '  ', '\u200b', '\u202e', '\u2800', '\u3164', '\u00ad\ufe0f', '\ud83d', undefined])(
  'shows a default for the title %j, which cannot be seen',
  (title) => {
    expect(titleOf({ title } as never, text)).toBe('New chat');
  },
);
