import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const QUOTE = /^```\w+ (\S+)\n(.*?)^```$/gms;

const quotes = globSync(['docs/*.md', 'README.md'], { cwd: root }).flatMap((page) =>
  [...readFileSync(resolve(root, page), 'utf8').matchAll(QUOTE)].map(([, file = '', text = '']) => ({
    page,
    file,
    text,
  })),
);

test.each(quotes)('$page quotes the current text of $file', ({ file, text }) => {
  expect(withoutIndent(readFileSync(resolve(root, file), 'utf8'))).toContain(withoutIndent(text));
});

/** Removes the indentation, because nested code is quoted without it. */
function withoutIndent(text: string): string {
  return text.replaceAll(/^\s+/gm, '');
}
