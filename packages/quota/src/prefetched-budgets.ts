import type { Reservation, Scope } from '@parley/db';
import { PREFETCH_IDLE_MS, PREFETCH_PAUSE_MS } from './intervals.ts';
import type { QuotaDeps } from './ports.ts';

/** The maximum share of a budget that a process prefetches. */
const SHARE = 1 / 64;
/**
 * The used share of a budget above which nothing is prefetched: the rest is reserved turn by turn, to the last token.
 */
const USED_SHARE_MAX = 3 / 4;
/** A prefetch is worth its command if it covers this many turns like the present one. */
const TURNS_MIN = 8;
/** The maximum of prefetched tokens, which is more than the busiest process spends in some seconds. */
const TOKENS_MAX = 250_000;
/** The number of prefetched budgets. Further budgets are reserved turn by turn. */
const BUDGETS_MAX = 1_000;

interface Deps extends Pick<QuotaDeps, 'log'> {
  readonly clock: Pick<QuotaDeps['clock'], 'now'>;
  readonly store: Pick<QuotaDeps['store'], 'budgets'>;
}

interface PrefetchedBudget {
  readonly scope: Scope;
  readonly subject: string;
  readonly day: string;
  /** The limit for which the tokens were prefetched. If it changes, the unused tokens are given back. */
  readonly tokensPerDay: number;
  left: number;
  usedAt: number;
  prefetching: Promise<void> | undefined;
  pausedUntil: number;
}

/**
 * Reserves tokens, for most turns without a command: while a budget is far from used up, each process prefetches a
 * share in the background, and gives back the unused rest. Prefetched tokens count as used for every process, so no
 * budget is exceeded. A process that dies leaves at most 1/64 of a budget reserved until the day ends.
 */
export class PrefetchedBudgets {
  readonly #deps: Deps;
  /** By subject, in the order of their last use. */
  readonly #prefetched = new Map<string, PrefetchedBudget>();
  /** Prefetched budgets of an earlier day or limit whose tokens are being given back, by their budget key. */
  readonly #returning = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Reserves the tokens of a turn from a budget of `tokensPerDay` unless it is used up. False: nothing was reserved.
   *
   * @throws ApiError `database_unavailable`
   */
  async reserve(scope: Scope, reservation: Reservation, tokensPerDay: number): Promise<boolean> {
    const { store, clock } = this.#deps;
    await this.#settleChanged(reservation, tokensPerDay);
    const budget = this.#prefetchedFor(scope, reservation, tokensPerDay);
    if (!budget) return store.budgets.reserve(scope, reservation, tokensPerDay);
    budget.usedAt = clock.now();
    const isCovered = budget.left >= reservation.tokens;
    if (isCovered) budget.left -= reservation.tokens;
    if (budget.left < sizeOf(tokensPerDay) / 2) this.#startPrefetch(budget);
    return isCovered || (await store.budgets.reserve(scope, reservation, tokensPerDay));
  }

  /** Gives back the tokens of budgets that were not used for a while. */
  async giveBackIdle(): Promise<void> {
    const since = this.#deps.clock.now() - PREFETCH_IDLE_MS;
    const idle = [...this.#prefetched.values()].filter(
      ({ usedAt, prefetching }) => usedAt <= since && !prefetching,
    );
    await this.#giveBack(idle);
  }

  /** Stops prefetching, and gives everything back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#prefetched.values()].map(({ prefetching }) => prefetching));
    await this.#giveBack([...this.#prefetched.values()]);
    await Promise.all(this.#returning.values());
  }

  /** The prefetched budget of a reservation, which may still be empty; undefined if nothing is prefetched for it. */
  #prefetchedFor(
    scope: Scope,
    { subject, day, tokens }: Reservation,
    tokensPerDay: number,
  ): PrefetchedBudget | undefined {
    const known = this.#prefetched.get(subject);
    if (known) {
      this.#prefetched.delete(subject);
      this.#prefetched.set(subject, known);
      return known;
    }
    if (this.#isClosed || sizeOf(tokensPerDay) < tokens * TURNS_MIN) return undefined;
    if (this.#prefetched.size >= BUDGETS_MAX) return undefined;
    const { team } = scope;
    const target = { scope: { team }, subject, day, tokensPerDay };
    const budget: PrefetchedBudget = {
      ...target,
      left: 0,
      usedAt: 0,
      prefetching: undefined,
      pausedUntil: 0,
    };
    this.#prefetched.set(subject, budget);
    return budget;
  }

  #startPrefetch(budget: PrefetchedBudget): void {
    if (this.#isClosed || budget.prefetching || this.#deps.clock.now() < budget.pausedUntil) return;
    budget.prefetching = this.#prefetch(budget).finally(() => {
      budget.prefetching = undefined;
    });
  }

  /** Never rejects: without prefetched tokens, turns reserve their own. */
  async #prefetch(budget: PrefetchedBudget): Promise<void> {
    const { store, clock, log } = this.#deps;
    const { scope, subject, day, tokensPerDay } = budget;
    const tokens = sizeOf(tokensPerDay) - budget.left;
    try {
      const isReserved = await store.budgets.reserve(
        scope,
        { subject, day, tokens },
        tokensPerDay * USED_SHARE_MAX,
      );
      if (isReserved) budget.left += tokens;
      else budget.pausedUntil = clock.now() + PREFETCH_PAUSE_MS;
    } catch (error) {
      budget.pausedUntil = clock.now() + PREFETCH_PAUSE_MS;
      log('warn', 'could not prefetch a budget; its turns reserve tokens one by one', { error });
    }
  }

  /**
   * Waits until the tokens that were prefetched under an earlier limit are given back. Until then they count as used,
   * and a smaller budget would reject a turn that fits.
   */
  async #settleChanged(reservation: Reservation, tokensPerDay: number): Promise<void> {
    for (;;) {
      this.#dropChanged(reservation, tokensPerDay);
      const returning = this.#returning.get(budgetKey(reservation));
      if (!returning) return;
      await returning;
    }
  }

  /** Gives back the tokens that were prefetched for another day or limit. */
  #dropChanged({ subject, day }: Reservation, tokensPerDay: number): void {
    const budget = this.#prefetched.get(subject);
    if (!budget || (budget.day === day && budget.tokensPerDay === tokensPerDay)) return;
    this.#prefetched.delete(subject);
    const key = budgetKey(budget);
    const before = this.#returning.get(key);
    const returning = Promise.all([before, budget.prefetching])
      .then(() => this.#giveBack([budget]))
      .finally(() => {
        if (this.#returning.get(key) === returning) this.#returning.delete(key);
      });
    this.#returning.set(key, returning);
  }

  /** Never rejects: tokens that cannot be given back stay reserved until the end of the day. */
  async #giveBack(budgets: readonly PrefetchedBudget[]): Promise<void> {
    const { store, log } = this.#deps;
    for (const budget of budgets) {
      const { scope, subject, day, left: tokens } = budget;
      // A turn has used the budget meanwhile, and more tokens are being prefetched.
      if (budget.prefetching) continue;
      budget.left = 0;
      if (this.#prefetched.get(subject) === budget) this.#prefetched.delete(subject);
      if (tokens === 0) continue;
      try {
        await store.budgets.giveBack(scope, [{ subject, day, tokens }]);
      } catch (error) {
        log('warn', 'could not give back a prefetched budget; its tokens stay reserved until the day ends', {
          error,
        });
      }
    }
  }
}

function sizeOf(tokensPerDay: number): number {
  return Math.min(Math.floor(tokensPerDay * SHARE), TOKENS_MAX);
}

/** The name of a subject's budget on a day. */
function budgetKey({ subject, day }: Pick<Reservation, 'subject' | 'day'>): string {
  return `${subject}/${day}`;
}
