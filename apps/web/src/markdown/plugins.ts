import type { Options } from 'react-markdown';

/** A list of plugins for react-markdown. */
export type Plugins = NonNullable<Options['remarkPlugins']>;
