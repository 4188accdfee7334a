import type { TestProject } from 'vitest/node';
import { findChrome } from './browser.ts';
import { copyPage } from './built-page.ts';

declare module 'vitest' {
  interface ProvidedContext {
    chromePath: string;
    /** The built page, which nobody changes while it is looked at. */
    webFolder: string;
  }
}

/** Before the first browser test: the page is built as it is now, and there is a browser to look at it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { folder, remove } = await copyPage();
  project.provide('webFolder', folder);
  project.provide('chromePath', await findChrome());
  return remove;
}
