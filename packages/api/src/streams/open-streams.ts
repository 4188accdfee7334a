import { ApiError, type ErrorCode, limits } from '@parley/contract';
import type { CredentialStore } from '@parley/db';
import type { Caller, OriginHeaders } from '../caller.ts';
import { BoundedCounts } from '../gate/bounded-counts.ts';
import { boundedNetworks, type ClientAddress } from '../gate/client-address.ts';
import { credentialsOf, idsOf, judgeCredentials } from './judge-credentials.ts';
import { OpenStream, type StreamKind } from './open-stream.ts';

/** The maximum numbers of open streams in this process; 0 is no limit. */
export interface StreamLimits {
  readonly perUser: number;
  /** For callers with publishable keys. The servers of a team open streams for many users from one address. */
  readonly perAddress: number;
  readonly perProcess: number;
}

/** The intervals at which credentials are read, and the longest time without a read, in milliseconds. */
export interface StreamTimes {
  readonly checkEveryMs: number;
  readonly firstCheckMs: number;
  readonly uncheckedMaxMs: number;
}

interface OpenStreamsDeps {
  readonly credentials: CredentialStore;
  readonly limits?: Partial<StreamLimits> | undefined;
  readonly times?: Partial<StreamTimes> | undefined;
  readonly log?: ((event: string, fields: Record<string, unknown>) => void) | undefined;
}

/** The request for a stream. */
export interface StreamRequest {
  readonly caller: Caller;
  readonly kind: StreamKind;
  readonly client: ClientAddress | undefined;
  readonly origin: OriginHeaders;
  /** A request that waits for its answer: its credentials are checked, and it takes no place of the streams. */
  readonly isWait?: boolean;
}

/**
 * All open streams of this process, of every transport. A stream lives no longer than its credentials: the
 * credentials of all streams are read together every two seconds. A stream ends with an error if its credentials
 * were revoked, or could not be read for too long.
 */
export class OpenStreams {
  readonly #deps: OpenStreamsDeps;
  readonly #limits: StreamLimits;
  readonly #times: StreamTimes;
  readonly #streams = new Set<OpenStream>();
  readonly #counts = new BoundedCounts();
  readonly #toCheck = new Set<OpenStream>();
  #checkingSoon: Promise<void> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isChecking = false;
  #checkedAllAt = Number.NEGATIVE_INFINITY;

  constructor(deps: OpenStreamsDeps) {
    this.#deps = deps;
    this.#limits = {
      perUser: limits.streamsPerUserMax,
      perAddress: limits.streamsPerAddressMax,
      perProcess: limits.streamsMax,
      ...deps.limits,
    };
    this.#times = {
      checkEveryMs: limits.streamCheckEveryMs,
      firstCheckMs: limits.streamFirstCheckMs,
      uncheckedMaxMs: limits.streamUncheckedMaxMs,
      ...deps.times,
    };
  }

  /** The number of open streams and waiting requests. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Opens a stream; a waiting request does not count against the limits. The caller has to close it, or to read it to
   * its end with `guard`.
   *
   * @throws ApiError `too_many_streams`
   */
  open({ caller, kind, client, origin, isWait = false }: StreamRequest): OpenStream {
    const subjects = isWait ? [] : this.#subjectsOf(caller, client);
    if (!this.#counts.enter(subjects)) throw new ApiError('too_many_streams');
    const credentials = credentialsOf(caller, origin);
    const close = (closed: OpenStream) => {
      this.#streams.delete(closed);
      this.#counts.leave(subjects);
      if (this.#streams.size === 0) this.#stopWatching();
    };
    const stream = new OpenStream({ kind, credentials, now: performance.now() }, close, (one) =>
      this.#checkSoon(one),
    );
    this.#streams.add(stream);
    this.#watch();
    return stream;
  }

  #subjectsOf({ kind, scope: { team, user } }: Caller, client: ClientAddress | undefined) {
    const { perUser, perAddress, perProcess } = this.#limits;
    // The servers of a team send the requests of many users from one address.
    const networks = kind === 'secret' ? [] : boundedNetworks(client);
    return [
      { name: 'process', max: perProcess },
      ...(user === undefined ? [] : [{ name: `user ${team} ${user}`, max: perUser }]),
      ...networks.map(({ text, factor }) => ({ name: `address ${text}`, max: perAddress * factor })),
    ];
  }

  #watch(): void {
    this.#timer ??= setInterval(() => this.#tick(), this.#times.firstCheckMs).unref();
  }

  #stopWatching(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Ends streams whose time is over, and starts a read of credentials when one is due. */
  #tick(): void {
    const { checkEveryMs, firstCheckMs, uncheckedMaxMs } = this.#times;
    const now = performance.now();
    const wallNow = Date.now();
    // A stream that would be overdue at the next tick ends at this one.
    const overdue = now - uncheckedMaxMs + firstCheckMs;
    let unchecked = 0;
    for (const stream of this.#streams) {
      const { expiry } = stream.verdict;
      if (stream.checkedAt <= overdue) unchecked += this.#end(stream, 'database_unavailable');
      else if (expiry && expiry.at <= wallNow && stream.kind === 'chat') this.#end(stream, expiry.code);
    }
    if (unchecked > 0)
      this.#log('streams ended: their credentials could not be read', { streams: unchecked });
    if (this.#isChecking) return;
    const isDue = now - this.#checkedAllAt >= checkEveryMs - firstCheckMs / 2;
    const due = isDue ? [...this.#streams] : [...this.#streams].filter(({ isChecked }) => !isChecked);
    if (isDue) this.#checkedAllAt = now;
    if (due.length > 0) void this.#check(due, now);
  }

  async #check(streams: readonly OpenStream[], startedAt: number): Promise<void> {
    this.#isChecking = true;
    await this.#read(streams, startedAt);
    this.#isChecking = false;
  }

  /** Checks a stream before the next tick, with one read for all streams that ask for it at the same time. */
  #checkSoon(stream: OpenStream): Promise<void> {
    this.#toCheck.add(stream);
    this.#checkingSoon ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      const streams = [...this.#toCheck];
      this.#toCheck.clear();
      this.#checkingSoon = undefined;
      return this.#read(streams, performance.now());
    });
    return this.#checkingSoon;
  }

  /** Reads the credentials of some streams, and ends those whose credentials were withdrawn. Never rejects. */
  async #read(streams: readonly OpenStream[], startedAt: number): Promise<void> {
    try {
      const view = await this.#deps.credentials.read(idsOf(streams.map(({ credentials }) => credentials)));
      let withdrawn = 0;
      for (const stream of streams) {
        stream.verdict = judgeCredentials(stream.credentials, view, stream.verdict);
        stream.checkedAt = startedAt;
        stream.isChecked = true;
        if (stream.verdict.withdrawn) withdrawn += this.#end(stream, stream.verdict.withdrawn);
      }
      if (withdrawn > 0) this.#log('streams ended: their credentials were withdrawn', { streams: withdrawn });
    } catch (error) {
      // They are read again at the next tick, which ends streams that were not checked for too long.
      this.#checkedAllAt = Number.NEGATIVE_INFINITY;
      this.#log('the credentials of open streams could not be read', { streams: streams.length, error });
    }
  }

  #end(stream: OpenStream, code: ErrorCode): number {
    stream.end(code);
    return 1;
  }

  #log(event: string, fields: Record<string, unknown>): void {
    this.#deps.log?.(event, fields);
  }
}
