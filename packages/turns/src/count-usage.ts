import type { Id } from '@parley/contract';
import type { BudgetAdvances } from './budget-advances.ts';
import type { TurnParts } from './parts.ts';

/** How often it looks for what a crash left: nobody waits for that but a sum. */
const SWEEP_EVERY_MS = 15_000;
/** Turns of one transaction: it is over in milliseconds, and no other process is kept waiting. */
const COUNT_PAGE = 200;
/** Turns that a process remembers while they cannot be counted. Those beyond it find the sweep. */
const NOTED_MAX = 10_000;

/** The turns that ended in this process and are not counted yet. */
export class UncountedTurns {
  readonly #noted = new Set<Id<'turn'>>();

  note(turn: Id<'turn'>): void {
    if (this.#noted.size < NOTED_MAX) this.#noted.add(turn);
  }

  get size(): number {
    return this.#noted.size;
  }

  /** Counts them page by page. What throws leaves the rest noted. */
  async count(count: (turns: readonly Id<'turn'>[]) => Promise<unknown>): Promise<void> {
    while (this.#noted.size > 0) {
      const page = [...this.#noted].slice(0, COUNT_PAGE);
      await count(page);
      for (const turn of page) this.#noted.delete(turn);
    }
  }
}

/**
 * Adds what ended turns used to the sums, about once a second and only while there are any, so that no message
 * waits for it. A turn is marked as not counted by the very write that ends it: whatever dies in between, the
 * sweep of any process finds it, and the mark lets nobody count it twice.
 */
export async function countUsage(
  parts: TurnParts,
  { uncounted, advances }: { uncounted: UncountedTurns; advances: BudgetAdvances },
  signal: AbortSignal,
): Promise<void> {
  const { clock, store, bounds } = parts;
  const count = (turns: readonly Id<'turn'>[]) => store.usage.count(turns);
  // Jitter keeps replicas from sweeping in step.
  const untilSweep = () => SWEEP_EVERY_MS * (0.75 + clock.random() / 2);
  let sweepAt = clock.now() + untilSweep();
  while (!signal.aborted) {
    await clock.sleep(bounds.countEveryMs, signal);
    // On the way out too: what ended last is counted now, or by the sweep of another process.
    await trying(parts, () => uncounted.count(count));
    await advances.giveBackIdle();
    if (signal.aborted || clock.now() < sweepAt) continue;
    sweepAt = clock.now() + untilSweep();
    await trying(parts, () => sweep(parts, signal));
  }
}

async function sweep({ store, log }: TurnParts, signal: AbortSignal): Promise<void> {
  for (;;) {
    const page = await store.usage.listUncounted(COUNT_PAGE);
    if (page.length === 0 || signal.aborted) return;
    const counted = await store.usage.count(page);
    if (counted > 0) log('info', 'turns were counted that had been left', { turns: counted });
    if (page.length < COUNT_PAGE) return;
  }
}

async function trying({ log }: TurnParts, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    log('warn', 'usage could not be counted; it is tried again', { error });
  }
}
