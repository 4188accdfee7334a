import 'katex/dist/katex.min.css';
import rehypeKatex from 'rehype-katex';
import remarkMath from 'remark-math';
import type { Plugins } from './plugins.ts';

/** Single dollars are written as double ones before (`math-text.ts`), where they are no prices. */
export const remarkMathPlugins: Plugins = [[remarkMath, { singleDollarTextMath: false }]];

/** A formula may not link, load, run for long or cover the page. */
export const rehypeMathPlugins: Plugins = [
  [rehypeKatex, { trust: false, strict: 'ignore', maxSize: 20, maxExpand: 500, errorColor: 'currentColor' }],
];
