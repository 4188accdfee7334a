import { describe, expect, test } from 'vitest';
import { toMathMarkdown } from './math-text.ts';

describe('toMathMarkdown', () => {
  test.each([
    ['so $x^2$ it is', 'so $$x^2$$ it is'],
    ['so \\(x^2\\) it is', 'so $$x^2$$ it is'],
    ['\\[ a = b \\]', '$$\na = b\n$$'],
    ['First:\n\\[\na\n= b\n\\]\nThen', 'First:\n$$\na\n= b\n$$\nThen'],
    ['- item\n  \\[a\\]', '- item\n  $$\n  a\n  $$'],
    ['- \\[a\\]', '- $$\n  a\n  $$'],
    ['12. $$a$$', '12. $$\n    a\n    $$'],
    ['in \\[a\\] a line', 'in $$a$$ a line'],
    ['\\[a\\] before a text', '$$\na\n$$\n before a text'],
    ['$$x$$', '$$\nx\n$$'],
    ['$$\na $b$ c\n$$', '$$\na $b$ c\n$$'],
    [
      '$$f(x) = \\begin{cases}\n1\n\\end{cases}$$\n\nThen',
      '$$\nf(x) = \\begin{cases}\n1\n\\end{cases}\n$$\n\nThen',
    ],
    ['> $$a\n> = b$$\n> Then', '> $$\n> a\n> = b\n> $$\n> Then'],
    ['> \\[\n> a > b\n> \\]', '> $$\n> a > b\n> $$'],
    ['> - \\[a\n>   b\\]', '> - $$\n>   a\n>   b\n>   $$'],
    ['the sum $$a + b$$ is', 'the sum $$a + b$$ is'],
    ['spaced $$ a_1 $$ here', 'spaced $$a_1$$ here'],
    ['公式$x$是', '公式$$x$$是'],
    ['$x$, ($$), $y$', '$$x$$, (\\$\\$), $$y$$'],
    ['a price of $$$ and $x$', 'a price of \\$\\$\\$ and $$x$$'],
  ])('converts the formula in %j to %j', (text, expected) => {
    expect(toMathMarkdown(text)).toBe(expected);
  });

  test.each([
    'from $5 to $10',
    'US$5/US$6',
    '$HOME/$USER, $A/$B',
    'It costs $5 or 5$ in the shop.',
    'from `$user` to $user_name,$user_id',
    '(price level $$) is open, and (price level $$) is closed',
    'either $$ or $$',
    '| $$ |\n| $$$ |',
    '$$ alone',
    'code `$x$` and `\\(x\\)`',
    '```sh\necho $A $B\n```',
    '- ```sh\n  echo $A$\n  ```',
    '> ```sh\n> echo $A$\n> ```',
    '```\n\\[x\\]',
    'escaped \\$x$ here',
    'two \\\\(x\\\\) backslashes',
    '| $|x|$ | a |',
  ])('finds no formula in %j', (text) => {
    expect(toMathMarkdown(text)).toBeUndefined();
  });

  test('closes a formula at the end of a growing text', () => {
    expect(toMathMarkdown('So:\n\n$$\na = b', true)).toBe('So:\n\n$$\na = b\n$$');
    expect(toMathMarkdown('So:\n\n$$a = b$', true)).toBe('So:\n\n$$\na = b\n$$');
    expect(toMathMarkdown('So:\n\n$$\na = b')).toBeUndefined();
  });

  test.each([
    ['an escaped dollar does not close a formula', 'it is $\\$5 or $6', undefined],
    ['a fence of tildes with an info string is code to the end of the text', '~~~ $a$\n\\(b\\)', undefined],
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
      `$$ ${Array.from({ length: 2_000 }, (_, n) => ` ${'`'.repeat(n + 1)}`).join('')}`,
    ],
    ['display formulas that never end', '\\[ x '.repeat(200_000)],
    ['inline formulas that never end', '\\( x '.repeat(200_000)],
    ['fences inside an open fence', `~~~\n${'```\n'.repeat(200_000)}`],
    ['blanks before a line break', `${' '.repeat(1_000_000)}\n$`],
    ['nested quotes', `${'>'.repeat(200_000)} $`],
    ['prices', '($$) and '.repeat(100_000)],
    ['variables', '$a/'.repeat(100_000)],
    ['blanks between dollars', `a $$${' '.repeat(500_000)}words $$`],
  ])('reads a long hostile text in one pass: %s', (_, text) => {
    expect(toMathMarkdown(text)).toBeUndefined();
  });
});
