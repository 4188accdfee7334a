import rehypeKatex from 'rehype-katex';
import remarkMath from 'remark-math';
import type { LoadedPlugins } from './plugins.ts';

/**
 * Reads and renders formulas. `math-text.ts` has converted single dollars to double ones, except prices.
 * Formulas must not contain links, load resources, run long or cover the page.
 */
export const mathPlugins: LoadedPlugins = {
  remark: [[remarkMath, { singleDollarTextMath: false }]],
  rehype: [
    [
      rehypeKatex,
      { trust: false, strict: 'ignore', maxSize: 20, maxExpand: 500, errorColor: 'currentColor' },
    ],
  ],
};
