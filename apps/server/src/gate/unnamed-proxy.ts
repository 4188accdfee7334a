import type { Log } from '../log.ts';

/** The advice for an operator whose proxy is not in `TRUST_PROXY`. */
export const UNNAMED_PROXY_ADVICE =
  'Requests come through a proxy that TRUST_PROXY does not name: all of its visitors count as one address. ' +
  'Set TRUST_PROXY to the number of proxies, or to their addresses.';

const LOG_EVERY_MS = 60_000;
const RECENT_MS = 60 * 60_000;

/** Records that requests come through a proxy that `TRUST_PROXY` does not name, and logs it once a minute. */
export class UnnamedProxyNotice {
  readonly #log: Log;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #seenAt = Number.NEGATIVE_INFINITY;

  constructor(log: Log) {
    this.#log = log;
  }

  see(): void {
    const now = performance.now();
    this.#seenAt = now;
    if (now - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = now;
    this.#log.warn({}, UNNAMED_PROXY_ADVICE);
  }

  /** Returns whether there was such a request within the last hour. */
  get isRecent(): boolean {
    return performance.now() - this.#seenAt < RECENT_MS;
  }
}
