import 'katex/dist/katex.min.css';
import rehypeKatex from 'rehype-katex';
import remarkMath from 'remark-math';
import type { Plugins } from './plugins.ts';

/** `math-text.ts` has converted single dollars to double ones, except prices. */
export const remarkMathPlugins: Plugins = [[remarkMath, { singleDollarTextMath: false }]];

/** Formulas must not contain links, load resources, run long or cover the page. */
export const rehypeMathPlugins: Plugins = [
  [rehypeKatex, { trust: false, strict: 'ignore', maxSize: 20, maxExpand: 500, errorColor: 'currentColor' }],
];
