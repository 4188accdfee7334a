import type { Id } from '@parley/contract';
import { COUNT_MAX_AGE_MS, OPEN_TURN_MAX_AGE_MS } from './intervals.ts';
import type { Clock } from './ports.ts';

/** The share of a bound that turns accepted here may use without a query. */
const SHARE = 1 / 8;
/** The share of a bound below which one count serves all turns that begin within `COUNT_MAX_AGE_MS`. */
const FAR = 3 / 4;
/** The number of subjects whose counts are cached. The oldest is dropped first. */
const STORED_COUNTS_MAX = 1_000;

/** A turn that is about to be accepted. */
export interface OpeningTurn {
  readonly turn: Id<'turn'>;
  /** Parallel repeats of one request have the same name, because only one of them will be accepted. */
  readonly request: string;
}

/**
 * The name of a turn's request. An idempotency key is one request within one chat only; in another chat it is another
 * request, whose turn counts as well.
 */
export function openingTurn(
  turn: Id<'turn'>,
  chat: Id<'chat'>,
  idempotency: { readonly key: string } | undefined,
): OpeningTurn {
  return { turn, request: idempotency ? `${chat} ${idempotency.key}` : turn };
}

/** The last count of a subject in the database. */
interface StoredCount {
  readonly at: number;
  /** The unfinished turns that the database counted, and those that were added since. */
  count: number;
  /** The unfinished turns of the subject; undefined after one of them has ended here. */
  stored: number | undefined;
}

interface OpenTurn {
  readonly subjects: readonly string[];
  readonly until: number;
  /** The turns of parallel repeats of the request. The accepted one is the open turn. */
  readonly turns: Set<Id<'turn'>>;
}

/**
 * The unfinished turns of teams, users and addresses, as far as a process knows them, so that most messages need no
 * query that counts them. In a single process a bound is exact. Turns that other processes accept are not known here,
 * so a bound may be exceeded by an eighth of it for each further process (at least by one), and by the turns that
 * several processes accept at the same time.
 */
export class OpenTurns {
  readonly #clock: Pick<Clock, 'now'>;
  /** By the name of their request, in the order they were added. */
  readonly #open = new Map<string, OpenTurn>();
  readonly #requests = new Map<Id<'turn'>, string>();
  readonly #counts = new Map<string, number>();
  readonly #storedCounts = new Map<string, StoredCount>();
  /** The number of ended turns. A count that ran meanwhile may include an ended turn. */
  #ends = 0;
  /** The turns whose insert is not acknowledged yet, by subject, in the order they were added. */
  readonly #pending = new Map<string, Set<OpenTurn>>();
  readonly #waiters = new Map<string, (() => void)[]>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /**
   * Whether a recent count found a subject at its bound, and none of its turns has ended here since. Further turns
   * can be rejected without a query.
   */
  isFull(subject: string, max: number): boolean {
    const known = this.#storedCounts.get(subject);
    return known?.stored !== undefined && this.#isFresh(known) && known.stored >= max;
  }

  /**
   * Whether an added turn may begin. Queries the database if this process does not know enough. If the result depends
   * on them, it waits for turns that were added before and are being inserted.
   */
  async hasRoom(
    turn: Id<'turn'>,
    subject: string,
    max: number,
    countStored: () => Promise<number>,
  ): Promise<boolean> {
    if (max <= 0 || this.isFull(subject, max)) return false;
    if (this.#count(subject) <= Math.max(Math.floor(max * SHARE), 1)) return true;
    const known = this.#storedCounts.get(subject);
    if (known && this.#isFresh(known) && known.count <= max * FAR) return true;
    for (;;) {
      const ends = this.#ends;
      const stored = await countStored();
      const pending = this.#pendingBefore(turn, subject);
      this.#remember(subject, stored + pending + 1, ends === this.#ends ? stored : undefined);
      if (stored + pending < max) return true;
      if (stored >= max || pending === 0) return false;
      await new Promise<void>((resolve) => {
        this.#waiters.set(subject, [...(this.#waiters.get(subject) ?? []), resolve]);
      });
    }
  }

  /** Adds a turn before its insert, so that an end that comes at once is not missed. */
  add({ turn, request }: OpeningTurn, subjects: readonly string[]): void {
    this.#forgetOld();
    this.#requests.set(turn, request);
    const known = this.#open.get(request);
    if (known) {
      known.turns.add(turn);
      return;
    }
    const open = { subjects, until: this.#clock.now() + OPEN_TURN_MAX_AGE_MS, turns: new Set([turn]) };
    this.#open.set(request, open);
    for (const subject of subjects) {
      this.#counts.set(subject, this.#count(subject) + 1);
      this.#pending.set(subject, (this.#pending.get(subject) ?? new Set()).add(open));
      const counted = this.#storedCounts.get(subject);
      if (counted) counted.count++;
    }
  }

  /** An added turn is in the database, or may be: counts in the database include it. */
  settle(turn: Id<'turn'>): void {
    const open = this.#openOf(turn);
    if (open) this.#settle(open);
  }

  /** An added turn was not accepted: it was rejected, or another turn of its request was accepted. */
  withdraw(turn: Id<'turn'>): void {
    const open = this.#openOf(turn);
    if (!open || open.turns.size === 1) {
      this.#forget(turn);
      return;
    }
    open.turns.delete(turn);
    this.#requests.delete(turn);
  }

  /** A turn has ended, or continues in another process. */
  delete(turn: Id<'turn'>): void {
    this.#ends++;
    for (const subject of this.#openOf(turn)?.subjects ?? []) {
      const counted = this.#storedCounts.get(subject);
      if (counted) counted.stored = undefined;
    }
    this.#forget(turn);
  }

  #forget(turn: Id<'turn'>): void {
    const request = this.#requests.get(turn);
    const open = this.#openOf(turn);
    this.#requests.delete(turn);
    if (request === undefined || !open) return;
    this.#open.delete(request);
    this.#settle(open);
    for (const other of open.turns) this.#requests.delete(other);
    for (const subject of open.subjects) {
      const left = this.#count(subject) - 1;
      if (left <= 0) this.#counts.delete(subject);
      else this.#counts.set(subject, left);
    }
  }

  #count(subject: string): number {
    return this.#counts.get(subject) ?? 0;
  }

  #openOf(turn: Id<'turn'>): OpenTurn | undefined {
    const request = this.#requests.get(turn);
    return request === undefined ? undefined : this.#open.get(request);
  }

  #pendingBefore(turn: Id<'turn'>, subject: string): number {
    let before = 0;
    for (const { turns } of this.#pending.get(subject) ?? []) {
      if (turns.has(turn)) break;
      before++;
    }
    return before;
  }

  #settle(open: OpenTurn): void {
    for (const subject of open.subjects) {
      const pending = this.#pending.get(subject);
      if (!pending?.delete(open)) continue;
      if (pending.size === 0) this.#pending.delete(subject);
      const waiters = this.#waiters.get(subject) ?? [];
      this.#waiters.delete(subject);
      for (const wake of waiters) wake();
    }
  }

  #isFresh({ at }: StoredCount): boolean {
    return this.#clock.now() - at < COUNT_MAX_AGE_MS;
  }

  #remember(subject: string, count: number, stored: number | undefined): void {
    this.#storedCounts.delete(subject);
    this.#storedCounts.set(subject, { at: this.#clock.now(), count, stored });
    const [oldest] = this.#storedCounts.keys();
    if (this.#storedCounts.size > STORED_COUNTS_MAX && oldest !== undefined)
      this.#storedCounts.delete(oldest);
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const { until, turns } of this.#open.values()) {
      if (until > now) return;
      for (const turn of turns) this.delete(turn);
    }
  }
}
