import { type Eraser, expireChats, finishDeletions } from '@parley/api';
import { limits } from '@parley/contract';
import type { Stores } from '@parley/db';
import { type Clock, systemClock, type TurnLog, type Turns } from '@parley/turns';

/** Something that is done again and again, beside what is asked for. Repeatable, and harmless on several servers. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  run(signal: AbortSignal): Promise<void>;
}

export interface Housekeeping {
  /** Begins nothing more, and waits for what is under way, which ends at its next step. */
  close(): Promise<void>;
}

const GUEST_MOVES_PAGE = 100;
const BLOCKED_USERS_PAGE = 1_000;

/** What every host does in the background. */
export function jobsOf(
  eraser: Eraser,
  stores: Pick<Stores, 'guests' | 'agents' | 'chats' | 'userStatuses'>,
  turns: Pick<Turns, 'deleteIdleChat' | 'stopUser'>,
  log: TurnLog,
): Job[] {
  return [
    {
      name: 'guest moves',
      everyMs: limits.guestMovesEveryMs,
      run: async () => {
        await stores.guests.finishMoves(GUEST_MOVES_PAGE);
      },
    },
    {
      // A process that did not know of the block yet may have accepted one more message.
      name: 'blocked users',
      everyMs: limits.blockedUsersEveryMs,
      run: async () => {
        const since = new Date(Date.now() - limits.blockSettledMs);
        for (const { team, user } of await stores.userStatuses.listBlockedSince(since, BLOCKED_USERS_PAGE)) {
          await turns.stopUser({ team }, user);
        }
      },
    },
    {
      name: 'deletions',
      everyMs: limits.deletionsEveryMs,
      run: (signal) => finishDeletions(eraser, signal),
    },
    {
      name: 'retention',
      everyMs: limits.retentionEveryMs,
      run: async (signal) => {
        const chats = await expireChats(stores, turns, { signal });
        if (chats > 0) log('info', 'chats were deleted that had been kept for long enough', { chats });
      },
    },
  ];
}

/** Runs jobs, one at a time, each at its own interval. One that fails is logged, and tried again at the next. */
export function startHousekeeping(
  jobs: readonly Job[],
  log: TurnLog,
  clock: Clock = systemClock,
): Housekeeping {
  const stop = new AbortController();
  const { signal } = stop;
  let turn = Promise.resolve();

  async function repeat({ name, everyMs, run }: Job): Promise<void> {
    for (;;) {
      // Jitter keeps replicas from working in step.
      await clock.sleep(everyMs * (0.75 + clock.random() / 2), signal);
      if (signal.aborted) return;
      turn = turn.then(async () => {
        if (signal.aborted) return;
        try {
          await run(signal);
        } catch (error) {
          log('warn', 'housekeeping failed; it is tried again', { job: name, error });
        }
      });
      await turn;
    }
  }

  const running = jobs.map(repeat);
  return {
    async close() {
      stop.abort();
      await Promise.all(running);
    },
  };
}
