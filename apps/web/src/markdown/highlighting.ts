import rehypeHighlight from 'rehype-highlight';
import type { LoadedPlugins } from './plugins.ts';

/** Highlights code whose language is given. */
export const highlightingPlugins: LoadedPlugins = {
  remark: [],
  rehype: [[rehypeHighlight, { detect: false }]],
};
