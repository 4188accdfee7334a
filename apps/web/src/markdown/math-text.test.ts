import { describe, expect, test } from 'vitest';
import { mayHoldMath, toMathMarkdown } from './math-text.ts';

describe('formulas in what a model writes', () => {
  test.each([
    ['so $x^2$ it is', 'so $$x^2$$ it is'],
    ['so \\(x^2\\) it is', 'so $$x^2$$ it is'],
    ['\\[ a = b \\]', '$$\na = b\n$$'],
    ['First:\n\\[\na\n= b\n\\]\nThen', 'First:\n$$\na\n= b\n$$\nThen'],
    ['- item\n  \\[a\\]', '- item\n  $$\n  a\n  $$'],
    ['in \\[a\\] a line', 'in $$a$$ a line'],
  ])('%j becomes %j', (text, expected) => {
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
  ])('%j stays as it is', (text) => {
    expect(toMathMarkdown(text)).toBe(text);
  });

  test.each([
    ['an escaped dollar does not close a formula', 'it is $\\$5 or $6', 'it is $\\$5 or $6'],
    [
      'a fence of tildes with an info string is code to the end of the text',
      '~~~ $a$\n\\(b\\)',
      '~~~ $a$\n\\(b\\)',
    ],
    ['backticks without a partner are no code', 'a `` b $x$', 'a `` b $$x$$'],
    ['a code span ends at a run of the same length', '`` ` $x$ `` $y$', '`` ` $x$ `` $$y$$'],
    ['text behind a closed fence is read again', '```\n$x$\n```\n$y$', '```\n$x$\n```\n$$y$$'],
  ])('%s', (_, text, expected) => {
    expect(toMathMarkdown(text)).toBe(expected);
  });

  // Each of these takes hours where a search begins again at every mark.
  test.each([
    [
      'growing runs of backticks',
      `$$x$$${Array.from({ length: 2_000 }, (_, n) => ` ${'`'.repeat(n + 1)}`).join('')}`,
    ],
    ['display formulas that never end', '\\[ x '.repeat(200_000)],
    ['inline formulas that never end', '\\( x '.repeat(200_000)],
    ['fences inside an open fence', `~~~\n${'```\n'.repeat(200_000)}`],
    ['blanks before a line break', `${' '.repeat(1_000_000)}\n`],
  ])('a long hostile text is read in one pass: %s', (_, text) => {
    expect(toMathMarkdown(text)).toBe(text);
  });

  test('prices alone load nothing', () => {
    expect(mayHoldMath('from $5 to $10')).toBe(false);
  });
});
