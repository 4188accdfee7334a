import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { limits } from '../packages/contract/src/limits.ts';

const NUMBERS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

test.each([
  ['docs/recipes/curl.md', /waits for the whole answer, up to (\w+) minutes/],
  ['docs/guide/concepts.md', /waits for the answer for up to (\w+) minutes \(then 504/],
  ['docs/operate.md', /sends nothing until its answer has ended, which can take (\w+) minutes/],
  ['docs/openapi.json', /(\w+) minutes without sending anything/],
])('%s names the longest time that a message waits for its answer', (path, sentence) => {
  const text = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
  expect(sentence.exec(text)?.[1]).toBe(NUMBERS[limits.sendWaitMaxMs / 60_000 - 1]);
});
