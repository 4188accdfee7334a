import type { PluggableList } from 'unified';

/** The plugins that are loaded when a text needs them. */
export interface LoadedPlugins {
  readonly remark: PluggableList;
  readonly rehype: PluggableList;
}
