import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sections } from './site-pages.ts';

/*
 * The pages are also read in the repository, where they link to sources and to each other by file. This module copies
 * them to their paths in the site and rewrites their links.
 */

const root = fileURLToPath(new URL('../../..', import.meta.url));
const target = join(root, 'apps/docs/pages');
const SCREENSHOTS = 'docs/screenshots';

/** Deletes the copies and writes them again. */
export async function stagePages(): Promise<void> {
  const decisions = (await readdir(join(root, 'docs/decisions')))
    .filter((name) => name !== 'README.md')
    .map((name) => ({ file: `docs/decisions/${name}`, at: `decisions/${name.replace(/\.md$/, '')}` }));
  const pages = [...sections.flatMap((section) => section.pages), ...decisions];
  const addresses = new Map(pages.map(({ file, at }) => [file, `${at}.md`]));

  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await cp(join(root, SCREENSHOTS), join(target, 'screenshots'), { recursive: true });
  await cp(join(root, 'apps/web/public/favicon.svg'), join(target, 'public/favicon.svg'));
  await cp(join(root, 'apps/docs/src/index.md'), join(target, 'index.md'));
  for (const { file, at } of pages) {
    const path = join(target, `${at}.md`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, relink(await readFile(join(root, file), 'utf8'), { file, at }, addresses));
  }
}

/**
 * A link to a page becomes a link to its path. A link to a source becomes plain text, because the site does not
 * contain it.
 */
function relink(
  markdown: string,
  { file, at }: { readonly file: string; readonly at: string },
  addresses: ReadonlyMap<string, string>,
): string {
  const fromHere = (path: string) => {
    const relative = posix.relative(posix.dirname(at), path);
    return relative.startsWith('.') ? relative : `./${relative}`;
  };
  const ofPage = (link: string): string | undefined => {
    const [path = '', anchor] = link.split('#');
    const linked = posix.join(posix.dirname(file), path);
    const address =
      addresses.get(linked) ??
      (linked.startsWith(SCREENSHOTS) ? linked.slice('docs/'.length) : undefined) ??
      (linked === 'docs/recipes' ? addresses.get('docs/recipes/curl.md') : undefined);
    if (linked === 'docs/openapi.json') return '/openapi.json';
    return address && fromHere(address) + (anchor === undefined ? '' : `#${anchor}`);
  };
  return markdown
    .replaceAll(
      /(?<!!)\[((?:[^[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:|#)([^)\s]+)\)/g,
      (whole, text, link) => {
        const address = ofPage(link);
        if (address === '/openapi.json') return `<a href="/openapi.json" target="_self">${text}</a>`;
        return address === undefined ? text : whole.replace(`(${link})`, `(${address})`);
      },
    )
    .replaceAll(/(src|srcset)="(\.?\/?[\w./-]+\.png)"/g, (whole, name, link) => {
      const address = ofPage(link);
      return address === undefined ? whole : `${name}="${address}"`;
    });
}
