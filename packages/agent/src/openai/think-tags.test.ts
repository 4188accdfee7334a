import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ThinkTags } from './think-tags.ts';

function takeApart(pieces: readonly string[]) {
  const tags = new ThinkTags();
  const taken = [...pieces.map((piece) => tags.take(piece)), tags.finish()];
  return {
    reasoning: taken.map(({ reasoning }) => reasoning).join(''),
    text: taken.map(({ text }) => text).join(''),
  };
}

const cases: readonly [string, { readonly reasoning: string; readonly text: string }][] = [
  ['<think>I think.</think>\n\nHello!', { reasoning: 'I think.', text: 'Hello!' }],
  ['\n<think>a < b, </thin</think>Hi </think> you', { reasoning: 'a < b, </thin', text: 'Hi </think> you' }],
  ['Write <think>so</think>.', { reasoning: '', text: 'Write <think>so</think>.' }],
  ['  <thinking>no', { reasoning: '', text: '  <thinking>no' }],
  ['<think>without an end', { reasoning: 'without an end', text: '' }],
  ['<thi', { reasoning: '', text: '<thi' }],
  ['', { reasoning: '', text: '' }],
];

describe('an answer', () => {
  test.each(cases)(
    'the answer %j is split into reasoning and text, however it is cut',
    (answer, expected) => {
      expect(takeApart([answer])).toEqual(expected);
      fc.assert(
        fc.property(fc.array(fc.nat(answer.length)), (cuts) => {
          const places = [0, ...cuts.toSorted((a, b) => a - b), answer.length];
          const pieces = places.slice(1).map((place, index) => answer.slice(places[index], place));
          expect(takeApart(pieces)).toEqual(expected);
        }),
      );
    },
  );
});
