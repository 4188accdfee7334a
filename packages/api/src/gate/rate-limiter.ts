import type { RequestCountStore } from '@parley/db';

/** The state of a limit in the current minute, this request included. */
export interface RateVerdict {
  /** The kind of subject that the limit is for. */
  readonly of: RateKind;
  readonly limit: number;
  readonly remaining: number;
  /** The end of the minute, in seconds since the Unix epoch. */
  readonly resetAt: number;
  /** The number of calls of the request. More than `limit` are never allowed. */
  readonly calls: number;
  readonly isAllowed: boolean;
}

/** Requests a minute; 0 is no limit. */
export interface RateLimits {
  /** For one family of publishable keys, and for one of secret keys. A key and its rolled successors are a family. */
  readonly publishable: number;
  readonly secret: number;
  /** For one user of a team, by their token. */
  readonly user: number;
  /** For one address: requests with a publishable key that reach chats. */
  readonly address: number;
  /** For one address: requests without a valid key or, if the key is for users, without a valid user token. */
  readonly unidentified: number;
  /** For one address: new guests and sessions of the chat page together. */
  readonly newVisitors: number;
  /** Of one address: static files. */
  readonly files: number;
}

/** The kinds of limits, as the headers `RateLimit` and `RateLimit-Policy` name them. */
export type RateKind = 'key' | 'user' | 'address' | 'unidentified' | 'new-visitors' | 'files';

/** A subject that a request counts for. */
export interface RateSubject {
  readonly of: RateKind;
  /** The unique name of the subject, such as `key:key_…`. */
  readonly name: string;
  readonly limit: number;
  /**
   * Whether counts are shared from the first request; otherwise they are shared once they are large enough to
   * matter.
   */
  readonly isShared: boolean;
}

interface Dependencies {
  readonly counts: RequestCountStore;
  readonly log: (event: string, fields: Record<string, unknown>) => void;
  readonly now?: () => number;
}

interface Tally {
  readonly minute: number;
  /** The number of requests that need not be shared. */
  readonly isQuietUntil: number;
  /** The count of all processes at the last read. */
  known: number;
  /** Requests of this process that are being added to the shared count. */
  sent: number;
  /** Requests of this process that are not shared yet. */
  pending: number;
}

const MINUTE_MS = 60_000;
/** The interval between shared counts. Within it, requests to several processes can exceed a limit. */
const SHARE_EVERY_MS = 250;
/**
 * The part of a limit that a process may use without sharing the count. For users and addresses, because there are
 * many.
 */
const QUIET_SHARE = 1 / 8;
/**
 * The maximum number of counts, about 20 MB, because senders can choose addresses. Beyond it the oldest unused
 * count is removed.
 */
const TALLIES_MAX = 100_000;

/**
 * Counts requests by subject and minute, over all processes. A request is judged by the counts in this process,
 * without a database read. Counts are shared in the background, a few times a second while there are new ones.
 */
export class RateLimiter {
  readonly #deps: Dependencies;
  readonly #now: () => number;
  readonly #tallies = new Map<string, Tally>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sharing: Promise<void> | undefined;
  #isClosed = false;

  constructor(deps: Dependencies) {
    this.#deps = deps;
    this.#now = deps.now ?? (() => Date.now());
  }

  /**
   * Counts a request, which may have several calls, for each of its subjects. It is allowed if every subject has
   * room for all calls, so that a request over a small limit uses nothing of a larger, shared one. A rejected request
   * counts for none. Returns the verdict of the subject with the fewest calls left; undefined if no subject has a limit.
   */
  take(subjects: readonly RateSubject[], calls = 1): RateVerdict | undefined {
    const minute = Math.floor(this.#now() / MINUTE_MS);
    const limited: { readonly subject: RateSubject; readonly tally: Tally; readonly isNew: boolean }[] = [];
    let least: RateSubject | undefined;
    let leftOfLeast = Number.POSITIVE_INFINITY;
    let full: RateSubject | undefined;
    for (const subject of subjects) {
      const { limit } = subject;
      if (limit <= 0) continue;
      const found = this.#tallyOf(subject, minute);
      limited.push({ subject, ...found });
      const left = limit - usedOf(found.tally);
      if (left < leftOfLeast) [least, leftOfLeast] = [subject, left];
      if (left < calls) full ??= subject;
    }
    if (!least) return undefined;
    const resetAt = ((minute + 1) * MINUTE_MS) / 1_000;
    if (full) {
      const used = usedOf(this.#tallyOf(full, minute).tally);
      const remaining = Math.max(full.limit - used, 0);
      return { of: full.of, limit: full.limit, remaining, resetAt, calls, isAllowed: false };
    }
    for (const one of limited) this.#count(one, calls);
    const remaining = Math.max(leftOfLeast - calls, 0);
    return { of: least.of, limit: least.limit, remaining, resetAt, calls, isAllowed: true };
  }

  /** Returns how many calls all of these subjects have left in this minute, without counting one. */
  left(subjects: readonly RateSubject[]): number {
    const minute = Math.floor(this.#now() / MINUTE_MS);
    let least = Number.POSITIVE_INFINITY;
    for (const { name, limit } of subjects) {
      if (limit <= 0) continue;
      const tally = this.#tallies.get(name);
      least = Math.min(least, limit - (tally?.minute === minute ? usedOf(tally) : 0));
    }
    return least;
  }

  /** Shares the remaining counts, and stops. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#sharing;
    await this.#share();
  }

  #count({ tally, isNew }: { tally: Tally; isNew: boolean }, calls: number): void {
    tally.pending += calls;
    // The first request of a minute reads the counts of other processes at once.
    if (!isQuiet(tally)) this.#shareIn(isNew ? 0 : SHARE_EVERY_MS);
  }

  #tallyOf({ name, limit, isShared }: RateSubject, minute: number): { tally: Tally; isNew: boolean } {
    const known = this.#tallies.get(name);
    if (known?.minute === minute) return { tally: known, isNew: false };
    const isQuietUntil = isShared ? 0 : Math.ceil(limit * QUIET_SHARE);
    const tally = { minute, isQuietUntil, known: 0, sent: 0, pending: 0 };
    this.#tallies.delete(name);
    this.#tallies.set(name, tally);
    if (this.#tallies.size > TALLIES_MAX) this.#forgetOldest();
    return { tally, isNew: true };
  }

  #forgetOldest(): void {
    const [oldest] = this.#tallies.keys();
    if (oldest !== undefined) this.#tallies.delete(oldest);
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
    for (const [subject, tally] of this.#tallies) {
      // Counts of past minutes are no longer needed.
      if (tally.minute < minute) this.#tallies.delete(subject);
      if (tally.minute < minute || tally.pending === 0 || isQuiet(tally)) continue;
      counts.push({ subject, minute: tally.minute, count: tally.pending });
      tally.sent = tally.pending;
      tally.pending = 0;
    }
    if (counts.length === 0) return;
    try {
      for (const sum of await this.#deps.counts.add(counts)) {
        const tally = this.#tallies.get(sum.subject);
        if (tally?.minute === sum.minute) Object.assign(tally, { known: sum.count, sent: 0 });
      }
    } catch (error) {
      // If counts cannot be shared, requests are still allowed. The counts are sent again with the next ones.
      for (const { subject, minute } of counts) {
        const tally = this.#tallies.get(subject);
        if (tally?.minute === minute) Object.assign(tally, { pending: tally.pending + tally.sent, sent: 0 });
      }
      this.#deps.log('counts of requests were not shared', { error });
    }
  }
}

function usedOf({ known, sent, pending }: Tally): number {
  return known + sent + pending;
}

/** Returns whether a count is still too small to be shared for the first time. */
function isQuiet(tally: Tally): boolean {
  return usedOf(tally) < tally.isQuietUntil;
}
