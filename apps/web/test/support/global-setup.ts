import type { TestProject } from 'vitest/node';
import { findChrome } from './browser.ts';
import { copyPages } from './built-page.ts';

declare module 'vitest' {
  interface ProvidedContext {
    chromePath: string;
    /** The folder of the built page. */
    webFolder: string;
    /** The folder of the built documentation. */
    docsFolder: string;
  }
}

/** Builds the page and prepares a browser before the first test. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { web, docs, remove } = await copyPages();
  project.provide('webFolder', web);
  project.provide('docsFolder', docs);
  project.provide('chromePath', await findChrome());
  return remove;
}
