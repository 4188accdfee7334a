import type { RequestCountStore } from '@parley/db';

/** How a request stands in the current minute, itself included. */
export interface RateVerdict {
  /** Whose limit it is. */
  readonly of: RateKind;
  readonly limit: number;
  readonly remaining: number;
  /** When the minute ends: seconds since the Unix epoch. */
  readonly resetAt: number;
  /** How many calls the request holds. More than `limit` never fit. */
  readonly calls: number;
  readonly isAllowed: boolean;
}

/** Requests a minute; 0 is no limit. */
export interface RateLimits {
  /** Of one family of publishable keys, and of one of secret keys. A key and those it was rolled into are a family. */
  readonly publishable: number;
  readonly secret: number;
  /** Of one user of a team, by their token. */
  readonly user: number;
  /** Of one address: requests with a publishable key that reach chats. */
  readonly address: number;
  /** Of one address: requests that prove neither a key nor, where the key is for users, a user. */
  readonly unidentified: number;
  /** Of one address: new guests and sessions of the chat page together. */
  readonly newVisitors: number;
}

/** Whose limits there are, as the headers `RateLimit` and `RateLimit-Policy` name them. */
export type RateKind = 'key' | 'user' | 'address' | 'unidentified' | 'new-visitors' | 'files';

/** Whom a request counts for. */
export interface RateSubject {
  readonly of: RateKind;
  /** Names it among all there are, such as `key:key_…`. */
  readonly name: string;
  readonly limit: number;
  /** Shared from its first request on; else once it has used so much that the sum may matter. */
  readonly isShared: boolean;
}

interface Dependencies {
  readonly counts: RequestCountStore;
  readonly log: (event: string, fields: Record<string, unknown>) => void;
  readonly now?: () => number;
}

interface Tally {
  readonly minute: number;
  /** What of it is not worth sharing. */
  readonly isQuietUntil: number;
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
/** Of users and addresses, of which there are many: each process may let so much of a limit pass unshared. */
const QUIET_SHARE = 1 / 8;
/** Addresses are chosen by whoever sends: about 20 MB of them, and then the oldest that nobody asks for goes. */
const TALLIES_MAX = 100_000;

/**
 * Counts requests by subject and minute, over all processes. A request is judged by what this process knows,
 * without a look at the database: counts are shared in the background, a few times a second and only while there
 * are any.
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
   * Counts a request, which may hold several calls, for each of its subjects. It is allowed only if every subject has
   * room for all of its calls, so no subject with a small limit lets a request use up the larger limit of a subject it
   * shares with others. A rejected request counts for none. The verdict is that of the subject with the least left;
   * undefined when none has a limit.
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

  /** How many calls all of these subjects have left in this minute, without counting one. */
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

  /** Shares what is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#sharing;
    await this.#share();
  }

  #count({ tally, isNew }: { tally: Tally; isNew: boolean }, calls: number): void {
    tally.pending += calls;
    // The first of a minute learns at once what others have counted.
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
      // Of a minute that is over nobody asks any more.
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
      // Nobody is kept out because the counts cannot be shared; what was sent is sent again with the next.
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

/** Until it has been shared once, a count is shared only when it is large enough to matter. */
function isQuiet(tally: Tally): boolean {
  return usedOf(tally) < tally.isQuietUntil;
}
