import { describe, expect, test } from 'vitest';
import { mayHoldMath, toMathMarkdown } from './math-text.ts';

describe('toMathMarkdown', () => {
  test.each([
    ['so $x^2$ it is', 'so $$x^2$$ it is'],
    ['so \\(x^2\\) it is', 'so $$x^2$$ it is'],
    ['\\[ a = b \\]', '$$\na = b\n$$'],
    ['First:\n\\[\na\n= b\n\\]\nThen', 'First:\n$$\na\n= b\n$$\nThen'],
    ['- item\n  \\[a\\]', '- item\n  $$\n  a\n  $$'],
    ['in \\[a\\] a line', 'in $$a$$ a line'],
  ])('converts the formula in %j to %j', (text, expected) => {
    expect(toMathMarkdown(text)).toBe(expected);
    expect(mayHoldMath(text)).toBe(true);
  });

  test.each([
    'from $5 to $10',
    'US$5/US$6',
    'code `$x$` and `\\(x\\)`',
    '```sh\necho $A $B$\n```',
    '```\n\\[x\\]',
    '$$x$$',
    '$$\na $b$ c\n$$',
    'escaped \\$x$ here',
  ])('leaves %j unchanged', (text) => {
    expect(toMathMarkdown(text)).toBe(text);
  });

  test.each([
    ['an escaped dollar does not close a formula', 'it is $\\$5 or $6', 'it is $\\$5 or $6'],
    [
      'a fence of tildes with an info string is code to the end of the text',
      '~~~ $a$\n\\(b\\)',
      '~~~ $a$\n\\(b\\)',
    ],
    ['unpaired backticks are not code', 'a `` b $x$', 'a `` b $$x$$'],
    ['a code span ends at a run of the same length', '`` ` $x$ `` $y$', '`` ` $x$ `` $$y$$'],
    ['text after a closed fence is converted again', '```\n$x$\n```\n$y$', '```\n$x$\n```\n$$y$$'],
  ])('%s', (_, text, expected) => {
    expect(toMathMarkdown(text)).toBe(expected);
  });

  // A search that restarts at every mark would take hours for these texts.
  test.each([
    [
      'growing runs of backticks',
      `$$x$$${Array.from({ length: 2_000 }, (_, n) => ` ${'`'.repeat(n + 1)}`).join('')}`,
    ],
    ['display formulas that never end', '\\[ x '.repeat(200_000)],
    ['inline formulas that never end', '\\( x '.repeat(200_000)],
    ['fences inside an open fence', `~~~\n${'```\n'.repeat(200_000)}`],
    ['blanks before a line break', `${' '.repeat(1_000_000)}\n`],
  ])('reads a long hostile text in one pass: %s', (_, text) => {
    expect(toMathMarkdown(text)).toBe(text);
  });

  test('mayHoldMath returns false for prices', () => {
    expect(mayHoldMath('from $5 to $10')).toBe(false);
  });
});
