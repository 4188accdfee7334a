import rehypeHighlight from 'rehype-highlight';
import type { Plugins } from './plugins.ts';

export const rehypeHighlightPlugins: Plugins = [[rehypeHighlight, { detect: false }]];
