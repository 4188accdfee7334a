import type { Page } from 'playwright-core';

/** The tasks of a page that kept it from responding for more than 50 ms each. */
export interface LongTasks {
  /** Returns the duration of the longest task since the page was loaded, or since the watch began, in milliseconds. */
  longestMs(): Promise<number>;
}

/** Records the long tasks of a page, and again from the beginning each time it is loaded. */
export async function watchLongTasks(page: Page): Promise<LongTasks> {
  await page.addInitScript(record);
  await page.evaluate(record);
  return {
    longestMs: () =>
      page.evaluate(() =>
        Math.max(0, ...(window as unknown as { parleyLongTasks: number[] }).parleyLongTasks),
      ),
  };
}

/** Runs in the page. */
function record(): void {
  const tasks: number[] = [];
  Object.assign(window, { parleyLongTasks: tasks });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) tasks.push(duration);
  }).observe({ entryTypes: ['longtask'] });
}
