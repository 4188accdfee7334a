import { ApiError, type Id } from '@parley/contract';
import type { ChatAccess } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import { findOutcome, type TurnOutcome } from '../turn-outcome.ts';
import { END_POLL, LOCAL_END_POLL_MS, WAITING_POLL_MS } from './intervals.ts';
import type { ReadDeps } from './turn-reader.ts';
import { WakeUp } from './wake-up.ts';

/** The wait for the end of one turn. Call `detach` after the wait. */
export interface Following {
  /**
   * The outcome of the turn; undefined if `signal` aborted or `waitMaxMs` passed first.
   *
   * @throws ApiError `database_unavailable` when the database was unreachable for a whole lease. The run and this wait
   * survive a shorter outage.
   */
  outcome(signal: AbortSignal | undefined, waitMaxMs: number): Promise<TurnOutcome | undefined>;
  detach(): void;
}

/**
 * Follows a turn to its end, wherever it runs. Call it before the turn starts: an end in this process notifies the
 * follower at once, and polling finds an end in another process.
 */
export function followTurn(deps: ReadDeps, access: ChatAccess, turn: Id<'turn'>): Following {
  const { clock, followers, running, isWaiting } = deps;
  let notified: TurnOutcome | undefined;
  const wake = new WakeUp();
  const detach = followers.attachToEnd(turn, access.chat.id, (outcome) => {
    notified ??= outcome;
    wake.set();
  });
  return {
    detach,
    async outcome(signal, waitMaxMs) {
      const { minMs, maxMs, growth } = END_POLL;
      const deadline = clock.now() + waitMaxMs;
      const poll = pollOutcome(deps, access, turn);
      signal?.addEventListener('abort', wake.set);
      if (signal?.aborted) wake.set();
      try {
        for (let pause: number = minMs; ; pause = Math.min(pause * growth, maxMs)) {
          const left = deadline - clock.now();
          const known = running.has(turn) ? LOCAL_END_POLL_MS : isWaiting(turn) ? WAITING_POLL_MS : pause;
          await wake.wait(clock, Math.max(Math.min(known, left), 0));
          if (notified) return notified;
          if (signal?.aborted || left <= 0) return undefined;
          const outcome = await poll();
          if (outcome) return outcome;
        }
      } finally {
        signal?.removeEventListener('abort', wake.set);
      }
    },
  };
}

/** Polls the status of the turn. Failures are ignored until they have lasted for a whole lease. */
function pollOutcome({ store, clock, bounds }: TurnDeps, access: ChatAccess, turn: Id<'turn'>) {
  let failingSince: number | undefined;
  return async (): Promise<TurnOutcome | undefined> => {
    const startedAt = clock.now();
    try {
      const outcome = await findOutcome(store, access, turn);
      failingSince = undefined;
      return outcome;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      failingSince ??= startedAt;
      if (clock.now() - failingSince >= bounds.leaseMs) throw error;
      return undefined;
    }
  };
}
