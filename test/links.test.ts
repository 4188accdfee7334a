import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const LINK = /\]\((?!https?:|mailto:|#|\/)([^)\s#]+)/g;

/** Code is no text: `f[T](x)` is a call there. */
const FENCE = /^```.*?^```$/gms;

/** A row of a table, and the names of code in it: identifiers in backticks that are not the text of a link. */
const ROW = /^\| .*\|$/gm;
const NAME = /(?<!\[)`(\w+)`/g;

const pages = globSync(['*.md', 'docs/*.md', 'docs/{guide,recipes,decisions}/*.md', 'packages/*/README.md'], {
  cwd: root,
});

test.each(pages)('every link of %s to a file of the repository leads to one', (page) => {
  const folder = resolve(root, dirname(page));
  const text = readFileSync(resolve(root, page), 'utf8').replaceAll(FENCE, '');
  const links = [...text.matchAll(LINK)].map(([, link = '']) => link);
  expect(links.filter((link) => !existsSync(resolve(folder, link)))).toEqual([]);
});

test('each name of code in a row of the tour occurs in a file that the row links to', () => {
  const folder = resolve(root, 'docs');
  const named = [...readFileSync(resolve(folder, 'tour.md'), 'utf8').matchAll(ROW)].flatMap(([row]) => {
    const files = [...row.matchAll(LINK)].map(([, link = '']) => readFileSync(resolve(folder, link), 'utf8'));
    return [...row.matchAll(NAME)].map(([, name = '']) => ({
      name,
      isFound: files.some((text) => new RegExp(`\\b${name}\\b`).test(text)),
    }));
  });
  expect(named.filter(({ isFound }) => !isFound).map(({ name }) => name)).toEqual([]);
  expect(named.map(({ name }) => name)).toContain('guardedEnd');
});
