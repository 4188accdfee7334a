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

  test('prices alone load nothing', () => {
    expect(mayHoldMath('from $5 to $10')).toBe(false);
  });
});
