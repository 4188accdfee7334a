import rehypeHighlight from 'rehype-highlight';
import type { Plugins } from './plugins.ts';

/** Highlights code whose language is given. */
export const rehypeHighlightPlugins: Plugins = [[rehypeHighlight, { detect: false }]];
