import { expect, test } from 'vitest';
import { en } from '../texts/en.ts';
import { textsIn } from '../texts/texts.ts';
import { waitingText } from './waiting-text.ts';

const { text } = textsIn('en', en);

const now = { secondsLeft: 0, isLong: false };
const long = { secondsLeft: 0, isLong: true };

test.each([
  ['2 messages before this one', { status: 'queued', position: 2 }, long],
  ['1 message before this one', { status: 'queued', position: 1 }, now],
  ['Waiting…', { status: 'queued', position: 0 }, now],
  ['Many answers are running. Yours is waiting…', { status: 'queued' }, long],
  ['The model is busy, next try in 18 s', { status: 'generating' }, { secondsLeft: 18, isLong: true }],
  ['Thinking…', { status: 'generating' }, now],
  ['Still thinking…', { status: 'generating' }, long],
] as const)('says "%s"', (words, entry, wait) => {
  expect(waitingText(entry, wait, text)).toBe(words);
});
