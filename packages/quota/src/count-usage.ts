import { ApiError, type Id } from '@parley/contract';
import { jittered, UNCOUNTED_SWEEP_MS } from './intervals.ts';
import type { QuotaDeps } from './ports.ts';
import type { PrefetchedBudgets } from './prefetched-budgets.ts';

/** Turns of one transaction, so that it takes milliseconds and delays no other process. */
const COUNT_PAGE = 200;
/** Turns that a process remembers while they cannot be counted. The sweep finds those beyond it. */
const NOTED_MAX = 10_000;
/** After so many failed pages in a row the database is unreachable, and the rest is counted later. */
const UNREACHABLE_MAX = 3;

/** The turns that ended in this process and are not counted yet. */
export class UncountedTurns {
  readonly #noted = new Set<Id<'turn'>>();

  note(turn: Id<'turn'>): void {
    if (this.#noted.size < NOTED_MAX) this.#noted.add(turn);
  }

  get size(): number {
    return this.#noted.size;
  }

  /** Takes a page of them; one that could not be counted is noted again, or left to the sweep. */
  take(): Id<'turn'>[] {
    const page = [...this.#noted].slice(0, COUNT_PAGE);
    for (const turn of page) this.#noted.delete(turn);
    return page;
  }
}

/**
 * Adds what ended turns used to the sums, about once a second and only while there are any, so that no message
 * waits for it. A turn is marked as not counted by the very write that ends it: whatever dies in between, the
 * sweep of any process finds it, and the mark lets nobody count it twice.
 */
export async function countUsage(
  deps: QuotaDeps,
  { uncounted, prefetched }: { readonly uncounted: UncountedTurns; readonly prefetched: PrefetchedBudgets },
  signal: AbortSignal,
): Promise<void> {
  const { clock, bounds } = deps;
  const untilSweep = () => jittered(clock, UNCOUNTED_SWEEP_MS);
  let sweepAt = clock.now() + untilSweep();
  while (!signal.aborted) {
    await clock.sleep(bounds.countEveryMs, signal);
    // At the shutdown too: the last turns are counted now, or by the sweep of another process.
    await countNoted(deps, uncounted);
    await prefetched.giveBackIdle();
    if (signal.aborted || clock.now() < sweepAt) continue;
    sweepAt = clock.now() + untilSweep();
    await sweep(deps, signal);
  }
  await prefetched.close();
}

/** Counts what ended in this process. Never rejects. */
async function countNoted(deps: QuotaDeps, uncounted: UncountedTurns): Promise<void> {
  // Turns that end meanwhile are counted the next time.
  for (let left = uncounted.size; left > 0; ) {
    const page = uncounted.take();
    left -= page.length;
    try {
      await countPage(deps, page);
    } catch (error) {
      for (const turn of page) uncounted.note(turn);
      deps.log('warn', 'usage could not be counted; it is tried again', { error });
      return;
    }
  }
}

/** Counts what a crash left. A page that fails stops none of those behind it. Never rejects. */
async function sweep(deps: QuotaDeps, signal: AbortSignal): Promise<void> {
  const { store, log } = deps;
  let unreachable = 0;
  for (let after: Id<'turn'> | undefined; !signal.aborted; ) {
    try {
      const page = await store.usage.listUncounted(COUNT_PAGE, after);
      const before = after;
      after = page.at(-1) ?? before;
      const counted = page.length === 0 ? 0 : await countPage(deps, page);
      if (counted > 0) log('info', 'turns were counted that had been left', { turns: counted });
      unreachable = 0;
      if (page.length < COUNT_PAGE) return;
    } catch (error) {
      log('warn', 'usage could not be counted; it is tried again', { error });
      if (++unreachable === UNREACHABLE_MAX) return;
    }
  }
}

/**
 * Counts a page of turns in one transaction, and one by one if that fails for another reason than that the database
 * cannot be reached: then one of them stops none of the others.
 *
 * @throws ApiError `database_unavailable`
 */
async function countPage({ store, log }: QuotaDeps, page: readonly Id<'turn'>[]): Promise<number> {
  try {
    return await store.usage.count(page);
  } catch (error) {
    if (error instanceof ApiError) throw error;
  }
  let counted = 0;
  for (const turn of page) {
    try {
      counted += await store.usage.count([turn]);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      log('error', 'a turn could not be counted; the sweep tries again', { turn, error });
    }
  }
  return counted;
}
