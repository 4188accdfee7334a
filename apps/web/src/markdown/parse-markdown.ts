import type { Root } from 'hast';
import remarkCjkFriendly from 'remark-cjk-friendly/parseOnly';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkRehype from 'remark-rehype';
import remend from 'remend';
import { unified } from 'unified';
import { boundDepth } from './bound-depth.ts';
import { breakLongWords } from './long-words.ts';
import { toMathMarkdown } from './math-text.ts';
import type { LoadedPlugins } from './plugins.ts';
import { remarkCjkLinks } from './remark-cjk-links.ts';
import { remarkHtml } from './remark-html.ts';
import { setDirections } from './text-direction.ts';

/** A block of markdown to parse. */
export interface BlockSource {
  readonly text: string;
  /** True while the block grows. Unclosed markup at its end is closed, so that the layout does not jump. */
  readonly isOpen: boolean;
  /** The definitions of links that the block may refer to. */
  readonly definitions: string;
}

/** The plugins that are loaded so far. A block that needs others cannot be parsed yet. */
export interface Loaded {
  readonly math?: LoadedPlugins | undefined;
  readonly highlighting?: LoadedPlugins | undefined;
}

/** Longer code is not highlighted: it would take long, and so many colored elements slow the page down. */
const highlightedLengthMax = 20_000;
const FENCED_WITH_LANGUAGE = /^[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+|>[ \t]*){0,20}(?:`{3,}|~{3,})[ \t]*\w/m;

/** Returns the names of the plugins that a block needs. */
export function neededFor({ text, isOpen }: BlockSource): readonly (keyof Loaded)[] {
  const needed: (keyof Loaded)[] = [];
  if (toMathMarkdown(text, isOpen) !== undefined) needed.push('math');
  if (text.length <= highlightedLengthMax && FENCED_WITH_LANGUAGE.test(text)) needed.push('highlighting');
  return needed;
}

/** Parses a block. Throws a RangeError if it is nested too deeply. */
export function parseMarkdown(source: BlockSource, loaded: Loaded): Root {
  const { text, isOpen, definitions } = source;
  const needed = neededFor(source);
  const closed = isOpen ? remend(text, { linkMode: 'text-only', katex: false }) : text;
  const math = loaded.math && needed.includes('math') ? toMathMarkdown(closed, isOpen) : undefined;
  const plugins = needed.flatMap((name) => loaded[name] ?? []);
  const processor = processorWith(plugins);
  // The definitions come first, since an unclosed code block at the end would contain them.
  const markdown = [definitions, math ?? closed].filter((part) => part !== '').join('\n\n');
  const root = processor.runSync(processor.parse(markdown));
  boundDepth(root);
  breakLongWords(root);
  setDirections(root);
  return root;
}

function processorWith(plugins: readonly LoadedPlugins[]) {
  return unified()
    .use(remarkParse)
    .use(remarkGfm, { singleTilde: false })
    .use(remarkCjkFriendly)
    .use(remarkCjkLinks)
    .use(remarkHtml)
    .use(plugins.flatMap(({ remark }) => remark))
    .use(remarkRehype)
    .use(plugins.flatMap(({ rehype }) => rehype));
}
