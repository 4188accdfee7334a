import type { Page } from 'playwright-core';

/** The tasks of a page that kept it from responding for more than 50 ms each. */
export interface LongTasks {
  /** Returns the duration of the longest task so far, in milliseconds. */
  longestMs(): Promise<number>;
}

/** Records the long tasks of a page, until it is loaded anew. */
export async function watchLongTasks(page: Page): Promise<LongTasks> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(window, { parleyLongTasks: tasks });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    }).observe({ entryTypes: ['longtask'] });
  });
  return {
    longestMs: () =>
      page.evaluate(() =>
        Math.max(0, ...(window as unknown as { parleyLongTasks: number[] }).parleyLongTasks),
      ),
  };
}
