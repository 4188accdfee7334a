import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const LINK = /\]\((?!https?:|mailto:|#|\/)([^)\s#]+)/g;

/** Code is no text: `f[T](x)` is a call there. */
const FENCE = /^```.*?^```$/gms;

const pages = globSync(['*.md', 'docs/*.md', 'docs/{guide,recipes,decisions}/*.md', 'packages/*/README.md'], {
  cwd: root,
});

test.each(pages)('every link of %s to a file of the repository leads to one', (page) => {
  const folder = resolve(root, dirname(page));
  const text = readFileSync(resolve(root, page), 'utf8').replaceAll(FENCE, '');
  const links = [...text.matchAll(LINK)].map(([, link = '']) => link);
  expect(links.filter((link) => !existsSync(resolve(folder, link)))).toEqual([]);
});
