import 'katex/dist/katex.min.css';

export { mathPlugins } from './math-plugins.ts';
