import type { Id } from '@parley/contract';
import type { Stores, TurnStore, UncountedTurn, UsageStore } from '@parley/db';

/** Durations, never a date. A port, so that a simulation can replace it. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs an action after `ms`, unless it is cancelled. Costs less than a sleep with a signal of its own. */
  after(ms: number, action: () => void): { cancel(): void };
  /** A number in [0, 1), for jitter. */
  random(): number;
}

/** Logs events for operators. Fields contain ids and counts, never content. */
export type OperatorLog = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Record<string, unknown>,
) => void;

/** The dependencies of a process's quota. */
export interface QuotaDeps {
  readonly store: Pick<Stores, 'budgets'> & {
    readonly turns: Pick<TurnStore, 'countUnfinished' | 'countFromNetwork'>;
    readonly usage: Pick<UsageStore, 'count' | 'listUncounted' | 'add'>;
  };
  readonly clock: Clock;
  readonly log: OperatorLog;
  readonly bounds: QuotaBounds;
  /**
   * Writes what has to be stored before ended turns are counted, because a turn that is counted is not found again
   * after a crash. `left` are those of the turns that another process ended.
   *
   * @throws ApiError when it could not be written; the turns are counted later
   */
  readonly beforeCount: (turns: readonly Id<'turn'>[], left: readonly UncountedTurn[]) => Promise<void>;
  /** The seconds until one of this many running turns is expected to end. */
  readonly secondsUntilFree: (running: number) => number;
}

interface QuotaBounds {
  /** The interval at which a process counts the turns that ended in it. */
  readonly countEveryMs: number;
  /** The maximum bytes of history that a turn reads. */
  readonly historyBytesMax: number;
  /** Running turns of one address of callers that are not privileged, over all processes. */
  readonly runningPerAddressMax: number;
  /** Further turns of that address that are accepted and wait, over all processes. */
  readonly waitingPerAddressMax: number;
}
