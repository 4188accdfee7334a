import type { TestProject } from 'vitest/node';
import { findChrome, launchServer } from './browser.ts';
import { copyPages } from './built-page.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of the browser that all test files share. */
    browserAddress: string;
    /** The folder of the built page. */
    webFolder: string;
    /** The folder of the built documentation. */
    docsFolder: string;
  }
}

/** Builds the page and starts a browser before the first test. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { web, docs, remove } = await copyPages();
  project.provide('webFolder', web);
  project.provide('docsFolder', docs);
  const browser = await launchServer(await findChrome());
  project.provide('browserAddress', browser.wsEndpoint());
  return async () => {
    await browser.close();
    await remove();
  };
}
