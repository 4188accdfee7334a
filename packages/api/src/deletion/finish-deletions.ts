import { type Eraser, erase } from './erase.ts';

const PAGE = 100;

/**
 * Goes on with every deletion that is not finished: what a request had no time for, a crash left, or what comes late
 * from a process that had not heard of it. One that fails does not keep the others.
 *
 * @throws AggregateError of what failed, once all were tried
 */
export async function finishDeletions(eraser: Eraser, signal?: AbortSignal, now = new Date()): Promise<void> {
  const failures: unknown[] = [];
  for (const deletion of await eraser.deletions.listPending(PAGE)) {
    if (signal?.aborted) return;
    try {
      await erase(eraser, deletion, { now, ...(signal && { signal }) });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'deletions that go on later');
}
