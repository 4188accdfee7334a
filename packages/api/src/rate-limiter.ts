import type { Id } from '@parley/contract';
import type { RequestCountStore } from '@parley/db';

/** How a key stands in the current minute, its request included. */
export interface RateVerdict {
  readonly limit: number;
  readonly remaining: number;
  /** When the minute ends: seconds since the Unix epoch. */
  readonly resetAt: number;
  readonly isAllowed: boolean;
}

export interface RateLimits {
  /** Requests a minute of one key; 0: as many as it likes. */
  readonly publishable: number;
  readonly secret: number;
}

interface Parts {
  readonly counts: RequestCountStore;
  readonly limits: RateLimits;
  readonly log: (event: string, fields: Record<string, unknown>) => void;
  readonly now?: () => number;
}

interface Tally {
  readonly minute: number;
  /** What all processes had counted when it was last asked. */
  known: number;
  /** Ours that are being added to that. */
  sent: number;
  /** Ours that are not. */
  pending: number;
}

const MINUTE_MS = 60_000;
/** How far the processes' counts may be apart: a limit may be exceeded by what comes in within this time. */
const SHARE_EVERY_MS = 250;

/**
 * Counts requests by key and minute, over all processes. A request is judged by what this process knows, without
 * a look at the database: counts are shared in the background, a few times a second and only while there are any.
 */
export class RateLimiter {
  readonly #parts: Parts;
  readonly #now: () => number;
  readonly #tallies = new Map<Id<'key'>, Tally>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sharing: Promise<void> | undefined;
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  /** Counts a request of this key; undefined when the key has no limit. One that is refused does not count. */
  take(key: Id<'key'>, kind: keyof RateLimits): RateVerdict | undefined {
    const limit = this.#parts.limits[kind];
    if (limit === 0) return undefined;
    const minute = Math.floor(this.#now() / MINUTE_MS);
    const { tally, isNew } = this.#tallyOf(key, minute);
    const used = tally.known + tally.sent + tally.pending;
    const isAllowed = used < limit;
    if (isAllowed) {
      tally.pending++;
      // The first of a minute learns at once what others have counted.
      this.#shareIn(isNew ? 0 : SHARE_EVERY_MS);
    }
    const remaining = Math.max(limit - used - (isAllowed ? 1 : 0), 0);
    return { limit, remaining, resetAt: ((minute + 1) * MINUTE_MS) / 1_000, isAllowed };
  }

  /** Shares what is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#sharing;
    await this.#share();
  }

  #tallyOf(key: Id<'key'>, minute: number): { tally: Tally; isNew: boolean } {
    const known = this.#tallies.get(key);
    if (known?.minute === minute) return { tally: known, isNew: false };
    const tally = { minute, known: 0, sent: 0, pending: 0 };
    this.#tallies.set(key, tally);
    return { tally, isNew: true };
  }

  #shareIn(ms: number): void {
    if (this.#isClosed || (this.#timer && ms > 0)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sharing = (this.#sharing ?? Promise.resolve()).then(() => this.#share());
    }, ms);
    this.#timer.unref();
  }

  async #share(): Promise<void> {
    const minute = Math.floor(this.#now() / MINUTE_MS);
    const counts = [];
    for (const [key, tally] of this.#tallies) {
      // Of a minute that is over nobody asks any more.
      if (tally.minute < minute) this.#tallies.delete(key);
      if (tally.minute < minute || tally.pending === 0) continue;
      counts.push({ key, minute: tally.minute, count: tally.pending });
      tally.sent = tally.pending;
      tally.pending = 0;
    }
    if (counts.length === 0) return;
    try {
      for (const sum of await this.#parts.counts.add(counts)) {
        const tally = this.#tallies.get(sum.key);
        if (tally?.minute === sum.minute) Object.assign(tally, { known: sum.count, sent: 0 });
      }
    } catch (error) {
      // Nobody is kept out because the counts cannot be shared; what was sent is sent again with the next.
      for (const { key, minute } of counts) {
        const tally = this.#tallies.get(key);
        if (tally?.minute === minute) Object.assign(tally, { pending: tally.pending + tally.sent, sent: 0 });
      }
      this.#parts.log('counts of requests were not shared', { error });
    }
  }
}
