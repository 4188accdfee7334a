import type { Reservation, Scope } from '@parley/db';
import { PREFETCH_IDLE_MS, PREFETCH_PAUSE_MS } from './intervals.ts';
import type { QuotaDeps } from './ports.ts';

/** The maximum share of a budget that a process prefetches. */
const SHARE = 1 / 64;
/**
 * The used share of a budget above which nothing is prefetched: the rest is reserved turn by turn, to the last token.
 */
const FAR = 3 / 4;
/** A prefetch is worth its command if it covers this many turns like the present one. */
const TURNS_MIN = 8;
/** More than the busiest process spends in some seconds. */
const TOKENS_MAX = 250_000;
/** The number of prefetched budgets. Further budgets are reserved turn by turn. */
const BUDGETS_MAX = 1_000;

interface Deps extends Pick<QuotaDeps, 'log'> {
  readonly clock: Pick<QuotaDeps['clock'], 'now'>;
  readonly store: Pick<QuotaDeps['store'], 'budgets'>;
}

interface Advance {
  readonly scope: Scope;
  readonly subject: string;
  readonly day: string;
  /** The limit of the budget it was taken from. If that changes, the advance is given back. */
  readonly tokensPerDay: number;
  left: number;
  usedAt: number;
  filling: Promise<void> | undefined;
  pausedUntil: number;
}

/**
 * Reserves tokens, for most turns without a command: while a budget is far from used up, each process prefetches a
 * share in the background, and gives back the unused rest. Prefetched tokens count as used for every process, so no
 * budget is exceeded. A process that dies leaves at most 1/64 of a budget reserved until the day ends.
 */
export class PrefetchedBudgets {
  readonly #deps: Deps;
  /** In the order of their last use. */
  readonly #prefetched = new Map<string, Advance>();
  /** Advances of an earlier day or limit that are being given back, by their budget. */
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
    const advance = this.#advanceFor(scope, reservation, tokensPerDay);
    if (!advance) return store.budgets.reserve(scope, reservation, tokensPerDay);
    advance.usedAt = clock.now();
    const isInHand = advance.left >= reservation.tokens;
    if (isInHand) advance.left -= reservation.tokens;
    if (advance.left < sizeOf(tokensPerDay) / 2) this.#fill(advance);
    return isInHand || (await store.budgets.reserve(scope, reservation, tokensPerDay));
  }

  /** Gives back advances that were not used for a while. */
  async giveBackIdle(): Promise<void> {
    const since = this.#deps.clock.now() - PREFETCH_IDLE_MS;
    const idle = [...this.#prefetched.values()].filter(({ usedAt, filling }) => usedAt <= since && !filling);
    await this.#giveBack(idle);
  }

  /** Stops prefetching, and gives everything back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#prefetched.values()].map(({ filling }) => filling));
    await this.#giveBack([...this.#prefetched.values()]);
    await Promise.all(this.#returning.values());
  }

  /** The advance of a budget, which may still be empty; undefined if the budget is too small. */
  #advanceFor(
    scope: Scope,
    { subject, day, tokens }: Reservation,
    tokensPerDay: number,
  ): Advance | undefined {
    const known = this.#prefetched.get(subject);
    if (known) {
      this.#prefetched.delete(subject);
      this.#prefetched.set(subject, known);
      return known;
    }
    if (this.#isClosed || sizeOf(tokensPerDay) < tokens * TURNS_MIN) return undefined;
    if (this.#prefetched.size >= BUDGETS_MAX) return undefined;
    const { team } = scope;
    const made = { scope: { team }, subject, day, tokensPerDay };
    const advance: Advance = { ...made, left: 0, usedAt: 0, filling: undefined, pausedUntil: 0 };
    this.#prefetched.set(subject, advance);
    return advance;
  }

  #fill(advance: Advance): void {
    if (this.#isClosed || advance.filling || this.#deps.clock.now() < advance.pausedUntil) return;
    advance.filling = this.#take(advance).finally(() => {
      advance.filling = undefined;
    });
  }

  /** Never rejects: without an advance, turns reserve for themselves. */
  async #take(advance: Advance): Promise<void> {
    const { store, clock, log } = this.#deps;
    const { scope, subject, day, tokensPerDay } = advance;
    const tokens = sizeOf(tokensPerDay) - advance.left;
    try {
      const isTaken = await store.budgets.reserve(scope, { subject, day, tokens }, tokensPerDay * FAR);
      if (isTaken) advance.left += tokens;
      else advance.pausedUntil = clock.now() + PREFETCH_PAUSE_MS;
    } catch (error) {
      advance.pausedUntil = clock.now() + PREFETCH_PAUSE_MS;
      log('warn', 'a budget could not be taken from in advance; its turns ask for themselves', { error });
    }
  }

  /**
   * Waits until the advances of an earlier limit of this budget are given back. Until then they count as used, and a
   * smaller budget would reject a turn that it has room for.
   */
  async #settleChanged(reservation: Reservation, tokensPerDay: number): Promise<void> {
    for (;;) {
      this.#dropChanged(reservation, tokensPerDay);
      const returning = this.#returning.get(budgetKey(reservation));
      if (!returning) return;
      await returning;
    }
  }

  /** Gives back an advance of another day or limit. */
  #dropChanged({ subject, day }: Reservation, tokensPerDay: number): void {
    const advance = this.#prefetched.get(subject);
    if (!advance || (advance.day === day && advance.tokensPerDay === tokensPerDay)) return;
    this.#prefetched.delete(subject);
    const key = budgetKey(advance);
    const before = this.#returning.get(key);
    const returning = Promise.all([before, advance.filling])
      .then(() => this.#giveBack([advance]))
      .finally(() => {
        if (this.#returning.get(key) === returning) this.#returning.delete(key);
      });
    this.#returning.set(key, returning);
  }

  /** Never rejects: tokens that cannot be given back stay reserved until the end of the day. */
  async #giveBack(prefetched: readonly Advance[]): Promise<void> {
    const { store, log } = this.#deps;
    for (const advance of prefetched) {
      const { scope, subject, day, left: tokens } = advance;
      // Another turn has used it meanwhile.
      if (advance.filling) continue;
      advance.left = 0;
      if (this.#prefetched.get(subject) === advance) this.#prefetched.delete(subject);
      if (tokens === 0) continue;
      try {
        await store.budgets.giveBack(scope, [{ subject, day, tokens }]);
      } catch (error) {
        log('warn', 'a prefetched budget could not be given back; it stays reserved until the day ends', {
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
