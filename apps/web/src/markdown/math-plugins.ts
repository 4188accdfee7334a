import type { Nodes } from 'hast';
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
    rehypeFocusableFormulas,
  ],
};

/** Wide formulas scroll, and a scrollable area must be reachable by keyboard: `components.tsx` renders them as a group. */
function rehypeFocusableFormulas() {
  return makeFocusable;
}

function makeFocusable(node: Nodes): void {
  if (!('children' in node)) return;
  if (node.type === 'element') {
    const names = node.properties['className'];
    if (Array.isArray(names) && names.includes('katex-display')) {
      node.tagName = 'figure';
      return;
    }
  }
  for (const child of node.children) makeFocusable(child);
}
