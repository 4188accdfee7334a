import { ApiError, type Id } from '@parley/contract';
import { type Attempts, allAttempts } from './attempts.ts';
import { type Eraser, erase } from './erase.ts';

const PAGE = 100;
/** A deletion works for so long before the next one has its turn; a large team takes many. */
const EACH_MS = 10_000;
/** So many in a row that the database could not be asked for: it is away. */
const UNREACHABLE_MAX = 3;

/** The state of the deletions in one process, between two runs of the job. */
export class DeletionProgress {
  readonly attempts: Attempts<Id<'deletion'>>;
  /** The last one that had its turn: the next time begins behind it. */
  after: Id<'deletion'> | undefined;

  constructor(attempts: Attempts<Id<'deletion'>> = allAttempts) {
    this.attempts = attempts;
  }
}

/**
 * Goes on with every deletion that is not finished: what a request had no time for, a crash left, or what comes late
 * from a process that had not heard of it. Each has its time, one after the other; one that fails, or never ends, does
 * not keep the others.
 *
 * @throws AggregateError of what failed, once all were tried
 */
export async function finishDeletions(
  eraser: Eraser,
  signal: AbortSignal = new AbortController().signal,
  now = new Date(),
  progress = new DeletionProgress(),
): Promise<void> {
  const failures: unknown[] = [];
  let unreachable = 0;
  for await (const deletion of pendingFrom(eraser, progress.after)) {
    if (signal.aborted) break;
    progress.after = deletion.id;
    if (progress.attempts.isSkipped(deletion.id)) continue;
    try {
      const over = AbortSignal.any([signal, AbortSignal.timeout(EACH_MS)]);
      await progress.attempts.try(deletion.id, () => erase(eraser, deletion, { now, signal: over }));
      unreachable = 0;
    } catch (error) {
      failures.push(error);
      if (error instanceof ApiError && ++unreachable === UNREACHABLE_MAX) break;
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'deletions that go on later');
}

/** All that are pending, each once: those behind `after` first, then the others. */
async function* pendingFrom({ deletions }: Eraser, after: Id<'deletion'> | undefined) {
  for (const { from, to } of [
    { from: after, to: undefined },
    ...(after ? [{ from: undefined, to: after }] : []),
  ]) {
    for (let last = from; ; ) {
      const page = await deletions.listPending(PAGE, last);
      for (const deletion of page) {
        if (to !== undefined && deletion.id > to) return;
        yield deletion;
      }
      last = page.at(-1)?.id;
      if (page.length < PAGE) break;
    }
  }
}
