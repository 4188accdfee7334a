import { expect, test } from 'vitest';
import { type Prose, readProse } from './support/prose.ts';

const { comments, testNames } = readProse();

/** The text begins with a free relative clause, such as "What is stored" or "Whoever waits". */
const FREE_RELATIVE = /^(?:What|Whatever|Who|Whoever|Whom|Whomever|Whichever|Wherever|That which)\b/i;

/** The text lacks its subject, because it continues the title of its group. */
const WITHOUT_SUBJECT = /^(?:is|are|was|were|has|had|does|do|can|may|must|that|which|whose|and|or|nor|but)\b/;

/** The text begins with a preposition or a conjunction, so that its subject comes late or is in the title of its group. */
const LATE_SUBJECT =
  /^(?:about|across|after|against|among|as|at(?! most| least)|because|before|behind|beside|between|beyond|by|during|even|for|from|if|in|inside|into|near|of|on|once|outside|over|past|per|since|than|through|to|under|unless|until|when|where|while|with|within|without)\b(?!-)/;

/** The text begins with a verb without a subject, such as "keep every promise", or with a pronoun without a noun. */
const BARE_VERB =
  /^(?:accept|ask|change|contain|deliver|exit|fail|find|get|give|have|keep|lose|make|name|need|quote|read|reject|report|return|reverse|say|send|show|start|stop|switch|take|use|write|it|its|there|they)\b(?!-) /;

test('no comment begins with a free relative clause', () => {
  expect(placesOf(comments, FREE_RELATIVE)).toEqual([]);
});

test('every name of a test begins with its subject', () => {
  expect(placesOf(testNames, FREE_RELATIVE)).toEqual([]);
  expect(placesOf(testNames, WITHOUT_SUBJECT)).toEqual([]);
  expect(placesOf(testNames, LATE_SUBJECT)).toEqual([]);
  expect(placesOf(testNames, BARE_VERB)).toEqual([]);
});

function placesOf(prose: readonly Prose[], pattern: RegExp): string[] {
  return prose.filter(({ text }) => pattern.test(text)).map(({ place, text }) => `${place}: ${text}`);
}
