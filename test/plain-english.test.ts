import { expect, test } from 'vitest';
import { type Prose, readProse } from './support/prose.ts';

const { comments, testNames } = readProse();

/** The text begins with a free relative clause, such as "What is stored" or "Whoever waits". */
const FREE_RELATIVE = /^(?:What|Whatever|Who|Whoever|Whom|Whomever|Whichever|Wherever|That which)\b/i;

/** The text lacks its subject, because it continues the title of its group. */
const WITHOUT_SUBJECT = /^(?:is|are|was|were|has|had|does|do|can|may|must|that|which|whose|and|or|nor|but)\b/;

test('no comment begins with a free relative clause', () => {
  expect(placesOf(comments, FREE_RELATIVE)).toEqual([]);
});

test('every name of a test begins with its subject', () => {
  expect(placesOf(testNames, FREE_RELATIVE)).toEqual([]);
  expect(placesOf(testNames, WITHOUT_SUBJECT)).toEqual([]);
});

function placesOf(prose: readonly Prose[], pattern: RegExp): string[] {
  return prose.filter(({ text }) => pattern.test(text)).map(({ place, text }) => `${place}: ${text}`);
}
