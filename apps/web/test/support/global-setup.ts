import type { TestProject } from 'vitest/node';
import { findChrome } from './browser.ts';
import { copyPages } from './built-page.ts';

declare module 'vitest' {
  interface ProvidedContext {
    chromePath: string;
    /** The built page, which nobody changes while it is looked at. */
    webFolder: string;
    /** The built documentation. */
    docsFolder: string;
  }
}

/** Before the first browser test: the page is built as it is now, and there is a browser to look at it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { web, docs, remove } = await copyPages();
  project.provide('webFolder', web);
  project.provide('docsFolder', docs);
  project.provide('chromePath', await findChrome());
  return remove;
}
