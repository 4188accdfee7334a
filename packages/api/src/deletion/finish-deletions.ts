import { ApiError, type Id } from '@parley/contract';
import { type Attempts, allAttempts } from './attempts.ts';
import { type Eraser, erase } from './erase.ts';

const PAGE = 100;
/** The time that a deletion runs before the next one has its turn. A large team needs many turns. */
const EACH_MS = 10_000;
/** The number of consecutive database errors after which the database counts as unreachable. */
const UNREACHABLE_MAX = 3;

/** The state of the deletions in one process, between two runs of the job. */
export class DeletionProgress {
  readonly attempts: Attempts<Id<'deletion'>>;
  /** The deletion that ran last. The next run begins after it. */
  after: Id<'deletion'> | undefined;

  constructor(attempts: Attempts<Id<'deletion'>> = allAttempts) {
    this.attempts = attempts;
  }
}

/**
 * Continues every unfinished deletion: one that a request had no time for, that was cut off by a crash, or whose
 * data arrived late from another process. They run one after the other, each for a limited time. One that fails or
 * hangs does not stop the others.
 *
 * @throws AggregateError with all errors, after all were tried
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

/** Yields all pending deletions, each once: first those after `after`, then the others. */
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
