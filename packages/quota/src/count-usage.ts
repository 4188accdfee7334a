import { ApiError, type Id } from '@parley/contract';
import { jittered, RECOVERY_MS } from './intervals.ts';
import type { QuotaDeps } from './ports.ts';
import type { PrefetchedBudgets } from './prefetched-budgets.ts';

/** The number of turns in one transaction, so that it takes milliseconds and does not delay other processes. */
const COUNT_PAGE = 200;
/** The number of uncounted turns that a process remembers. The recovery loop finds the others. */
const NOTED_MAX = 10_000;
/** After this many failed pages in a row the database counts as unreachable, and the rest is counted later. */
const UNREACHABLE_MAX = 3;

/** The turns that ended in this process and are not counted yet. */
export class UncountedTurns {
  readonly #noted = new Set<Id<'turn'>>();

  /** False if it cannot remember more turns. */
  note(turn: Id<'turn'>): boolean {
    if (this.#noted.size >= NOTED_MAX) return false;
    this.#noted.add(turn);
    return true;
  }

  get size(): number {
    return this.#noted.size;
  }

  /**
   * Removes and returns a page of turns. A turn that cannot be counted is added again, or left to the recovery loop.
   */
  take(): Id<'turn'>[] {
    const page = [...this.#noted].slice(0, COUNT_PAGE);
    for (const turn of page) this.#noted.delete(turn);
    return page;
  }
}

/**
 * Adds the usage of ended turns to the sums, about once a second and only while there are any, so that no message
 * waits for it. The write that ends a turn also marks it as not counted. If a process dies before it counts the turn,
 * the recovery loop of any process finds the mark, and the mark prevents a second count.
 */
export async function countUsage(
  deps: QuotaDeps,
  { uncounted, prefetched }: { readonly uncounted: UncountedTurns; readonly prefetched: PrefetchedBudgets },
  signal: AbortSignal,
): Promise<void> {
  const { clock, bounds } = deps;
  const untilRecovery = () => jittered(clock, RECOVERY_MS);
  let recoveryAt = clock.now() + untilRecovery();
  while (!signal.aborted) {
    await clock.sleep(bounds.countEveryMs, signal);
    // At the shutdown too: the last turns are counted now, or by the recovery loop of another process.
    await countNoted(deps, uncounted);
    await prefetched.giveBackIdle();
    if (signal.aborted || clock.now() < recoveryAt) continue;
    recoveryAt = clock.now() + untilRecovery();
    await countLeftTurns(deps, signal);
  }
  await prefetched.close();
}

/** Counts the turns that ended in this process. Never rejects. */
async function countNoted(deps: QuotaDeps, uncounted: UncountedTurns): Promise<void> {
  // Turns that end meanwhile are counted the next time.
  for (let left = uncounted.size; left > 0; ) {
    const page = uncounted.take();
    left -= page.length;
    try {
      await deps.beforeCount(page, []);
      await countPage(deps, page);
    } catch (error) {
      for (const turn of page) uncounted.note(turn);
      deps.log('warn', 'usage could not be counted; it is tried again', { error });
      return;
    }
  }
}

/**
 * The recovery loop: counts the turns that a crash left uncounted. A failed page does not stop the following pages.
 * Never rejects.
 */
async function countLeftTurns(deps: QuotaDeps, signal: AbortSignal): Promise<void> {
  const { store, log } = deps;
  let unreachable = 0;
  for (let after: Id<'turn'> | undefined; !signal.aborted; ) {
    try {
      const page = await store.usage.listUncounted(COUNT_PAGE, after);
      const before = after;
      after = page.at(-1)?.id ?? before;
      const ids = page.map(({ id }) => id);
      if (page.length > 0) await deps.beforeCount(ids, page);
      const counted = page.length === 0 ? 0 : await countPage(deps, ids);
      if (counted > 0) log('info', 'turns that a crash left were counted', { turns: counted });
      unreachable = 0;
      if (page.length < COUNT_PAGE) return;
    } catch (error) {
      log('warn', 'usage could not be counted; it is tried again', { error });
      if (++unreachable === UNREACHABLE_MAX) return;
    }
  }
}

/**
 * Counts a page of turns in one transaction. If that fails although the database is reachable, it counts them one by
 * one, so that one turn does not stop the others.
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
      log('error', 'a turn could not be counted; the recovery loop tries again', { turn, error });
    }
  }
  return counted;
}
