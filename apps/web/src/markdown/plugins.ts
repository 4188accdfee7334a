import type { Options } from 'react-markdown';

/** A list of plugins as react-markdown takes it. */
export type Plugins = NonNullable<Options['remarkPlugins']>;
