import type { Reservation, Scope } from '@parley/db';
import { PREFETCH_IDLE_MS, PREFETCH_PAUSE_MS } from './intervals.ts';
import type { QuotaDeps } from './ports.ts';

/** The share of a budget that a process prefetches at most. */
const SHARE = 1 / 64;
/** The share of a budget after which nothing is prefetched: the rest is reserved turn by turn, to the last token. */
const FAR = 3 / 4;
/** A prefetch is worth its command if it is enough for so many turns like the present one. */
const TURNS_MIN = 8;
/** More than some seconds of the busiest process spend. */
const TOKENS_MAX = 250_000;
/** Budgets with an advance; the next one is asked for turn by turn. */
const BUDGETS_MAX = 1_000;

interface Deps extends Pick<QuotaDeps, 'log'> {
  readonly clock: Pick<QuotaDeps['clock'], 'now'>;
  readonly store: Pick<QuotaDeps['store'], 'budgets'>;
}

interface Advance {
  readonly scope: Scope;
  readonly subject: string;
  readonly day: string;
  /** The budget it was taken from. If that changes, the advance is given back. */
  readonly tokensPerDay: number;
  left: number;
  usedAt: number;
  filling: Promise<void> | undefined;
  pausedUntil: number;
}

/**
 * Takes tokens from budgets, for most turns without a command: while a budget is far from spent, each process prefetches a
 * share in the background, and gives back the rest of it. Prefetched tokens count as spent for everyone, so no budget is
 * exceeded; a process that dies leaves at most 1/64 of a budget reserved until the day ends.
 */
export class PrefetchedBudgets {
  readonly #deps: Deps;
  /** In the order of their last use. */
  readonly #prefetched = new Map<string, Advance>();
  /** Advances of an earlier day or budget that are being given back, by what they were taken from. */
  readonly #returning = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Takes what a turn needs from a budget of `tokensPerDay` unless it is spent. False: nothing was taken.
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

  /** Gives back what nobody has spent from for a while. */
  async giveBackIdle(): Promise<void> {
    const since = this.#deps.clock.now() - PREFETCH_IDLE_MS;
    const idle = [...this.#prefetched.values()].filter(({ usedAt, filling }) => usedAt <= since && !filling);
    await this.#giveBack(idle);
  }

  /** Takes nothing in advance any more, and gives everything back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#prefetched.values()].map(({ filling }) => filling));
    await this.#giveBack([...this.#prefetched.values()]);
    await Promise.all(this.#returning.values());
  }

  /** The advance of a budget, which may be empty yet. None: the budget is too small for one. */
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

  /** Never rejects: without an advance turns ask for themselves. */
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
   * Waits until advances of an earlier size of this budget are given back: until then they count as spent, and a
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

  /** Gives back an advance that was taken on another day, or from another budget. */
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

  /** Never rejects: what cannot be given back stands until the day is over. */
  async #giveBack(prefetched: readonly Advance[]): Promise<void> {
    const { store, log } = this.#deps;
    for (const advance of prefetched) {
      const { scope, subject, day, left: tokens } = advance;
      // Somebody came for it meanwhile.
      if (advance.filling) continue;
      advance.left = 0;
      if (this.#prefetched.get(subject) === advance) this.#prefetched.delete(subject);
      if (tokens === 0) continue;
      try {
        await store.budgets.giveBack(scope, [{ subject, day, tokens }]);
      } catch (error) {
        log('warn', 'an advance could not be given back; it ends with the day', { error });
      }
    }
  }
}

function sizeOf(tokensPerDay: number): number {
  return Math.min(Math.floor(tokensPerDay * SHARE), TOKENS_MAX);
}

/** Names the budget of one subject on one day. */
function budgetKey({ subject, day }: Pick<Reservation, 'subject' | 'day'>): string {
  return `${subject}/${day}`;
}
