import { ApiError, limits } from '@parley/contract';
import type { ReadGuard } from '@parley/db';
import type { Caller } from '../caller.ts';
import { type ClientAddress, widerNetwork } from './client-address.ts';
import { CredentialReads } from './credential-reads.ts';
import type { RateLimiter, RateLimits, RateVerdict } from './rate-limiter.ts';
import { subjectsOfAddress, subjectsOfCaller } from './rate-subjects.ts';

/** The parts of a request that rate limits need. */
export interface CountedRequest {
  /** Returns undefined if the host does not know the address; then no limit of addresses applies. */
  readonly client: () => ClientAddress | undefined;
  /** The procedures that the request calls; a batch calls several. */
  readonly procedures: readonly string[];
}

/**
 * The rate limits, in one order for every route and procedure: first the address, then the key, then the user. They
 * only need the headers, so the body of a rejected request is never read.
 */
export class Gate {
  readonly #limiter: RateLimiter;
  readonly #limits: RateLimits;
  readonly #reads = new CredentialReads();

  constructor(limiter: RateLimiter, limits: RateLimits) {
    this.#limiter = limiter;
    this.#limits = limits;
  }

  /** Returns the guard of database reads for keys and tokens that this process does not know. */
  guard(client: () => ClientAddress | undefined): ReadGuard {
    return (read) => {
      const from = client();
      if (!from) return read();
      const subjects = subjectsOfAddress('unidentified', from, this.#limits);
      const guard = this.#reads.guard(
        widerNetwork(from.text) ?? from.text,
        () => this.#limiter.left(subjects),
        () => rejectLimited(this.#limiter.take(subjects)),
      );
      return guard(read);
    };
  }

  /**
   * Counts a request without an authenticated caller, for its address alone.
   *
   * @throws ApiError `rate_limited`
   */
  countAddress(
    of: 'unidentified' | 'new-visitors' | 'files',
    client: ClientAddress | undefined,
    procedures: readonly string[] = [],
  ): RateVerdict | undefined {
    const verdict = this.#limiter.take(subjectsOfAddress(of, client, this.#limits), callsOf(procedures));
    if (verdict && !verdict.isAllowed) rejectLimited(verdict);
    return verdict;
  }

  /**
   * Counts a request of an authenticated caller. If the verdict says so, the host rejects it, after it has set the
   * headers.
   */
  countCaller(caller: Caller, { client, procedures }: CountedRequest): RateVerdict | undefined {
    const calls = callsOf(procedures);
    if (caller.as.role !== 'anonymous') {
      return this.#limiter.take(subjectsOfCaller(caller, client, this.#limits), calls);
    }
    const { canBecomeGuest } = caller.as;
    const guests = canBecomeGuest ? procedures.filter((name) => name === 'guest.create').length : 0;
    const from = client();
    const others = calls - guests;
    const ofOthers =
      others > 0
        ? this.#limiter.take(subjectsOfAddress('unidentified', from, this.#limits), others)
        : undefined;
    if (guests === 0 || ofOthers?.isAllowed === false) return ofOthers;
    return this.#limiter.take(subjectsOfAddress('new-visitors', from, this.#limits), guests);
  }
}

/**
 * Returns the number of calls that a request counts for. A request with more calls than a batch may have is rejected, and
 * runs none of them. The maximum keeps its sender from choosing how much of a limit it uses up.
 */
function callsOf(procedures: readonly string[]): number {
  return Math.min(Math.max(procedures.length, 1), limits.batchCallsMax);
}

/**
 * Rejects a request that is over a limit.
 *
 * @throws ApiError `rate_limited` with the seconds until the minute ends
 */
export function rejectLimited(verdict: RateVerdict | undefined): never {
  const retryAfterSeconds = Math.max(Math.ceil((verdict?.resetAt ?? 0) - Date.now() / 1_000), 1);
  throw new ApiError('rate_limited', { retryAfterSeconds, ...(verdict && detailOf(verdict)) });
}

/** Returns the detail for a batch that is larger than the limit, for which waiting does not help. */
function detailOf({ calls, limit }: RateVerdict): { readonly detail?: string } {
  if (calls <= limit) return {};
  return { detail: `This batch has ${calls} calls; the limit is ${limit} per minute. Send smaller batches.` };
}
