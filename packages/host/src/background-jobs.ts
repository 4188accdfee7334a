import { DeletionProgress, type Eraser, expireChats, finishDeletions, RetentionProgress } from '@parley/api';
import { type Id, limits } from '@parley/contract';
import type { BlockedUser, Stores } from '@parley/db';
import { type Clock, FailingItems, type OperatorLog, systemClock, type Turns } from '@parley/turns';

/** A job that is repeated in the background. It can run on several servers at the same time. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** The time after which a run is asked to end at its next step. The next run does the rest. */
  readonly maxMs: number;
  run(signal: AbortSignal): Promise<void>;
}

/** Running background jobs. The host closes them before it closes the database. */
export interface BackgroundJobs {
  /** Starts no more runs, and waits for running ones to end at their next step, up to a time limit. */
  close(): Promise<void>;
}

const MINUTE_MS = 60_000;
/** The time for one item of a job. Then the job continues with the next item; at most this many items remain in work. */
const WORK = { maxMs: MINUTE_MS, underWayMax: 8 };
const GUEST_MOVES_PAGE = 100;
const BLOCKED_USERS_PAGE = 1_000;
const UNSENT_FILES_PAGE = 100;
/** A server that stops waits no longer than this for its running jobs. */
const CLOSE_MS = 10_000;

/** Returns the background jobs of every host. */
export function jobsOf(
  eraser: Eraser,
  stores: Pick<Stores, 'guests' | 'agents' | 'chats' | 'files' | 'userStatuses'>,
  turns: Pick<Turns, 'deleteIdleChat' | 'stopUser'>,
  log: OperatorLog,
): Job[] {
  return [
    guestMoves(stores, log),
    blockedUsers(stores, turns, log),
    deletions(eraser),
    retention(stores, turns, log),
    unsentFiles(stores),
  ];
}

function guestMoves({ guests }: Pick<Stores, 'guests'>, log: OperatorLog): Job {
  const failing = new FailingItems<Id<'guest'>>(systemClock, {
    min: limits.guestMovesEveryMs,
    max: 10 * MINUTE_MS,
    work: WORK,
  });
  return {
    name: 'guest moves',
    everyMs: limits.guestMovesEveryMs,
    maxMs: 5 * MINUTE_MS,
    async run(signal) {
      for (let seen = failing.skipped; !signal.aborted; ) {
        const page = await guests.listMoves(GUEST_MOVES_PAGE, seen);
        for (const move of page) {
          if (signal.aborted) return;
          if (failing.isSkipped(move.id)) continue;
          try {
            await failing.try(move.id, () => guests.finishMove(move));
          } catch (error) {
            log('warn', "a guest's chats could not be moved; it will be retried", { guest: move.id, error });
          }
        }
        if (page.length < GUEST_MOVES_PAGE) return;
        seen = [...seen, ...page.map(({ id }) => id)];
      }
    },
  };
}

/** A process that did not know about the block yet may have accepted one more message. */
function blockedUsers(
  { userStatuses }: Pick<Stores, 'userStatuses'>,
  turns: Pick<Turns, 'stopUser'>,
  log: OperatorLog,
): Job {
  const failing = new FailingItems<string>(systemClock, {
    min: limits.blockedUsersEveryMs,
    max: limits.blockSettledMs,
    work: WORK,
  });
  return {
    name: 'blocked users',
    everyMs: limits.blockedUsersEveryMs,
    maxMs: 5 * MINUTE_MS,
    async run(signal) {
      const since = new Date(Date.now() - limits.blockSettledMs);
      for await (const { id, team, user } of blockedSince(userStatuses, since)) {
        if (signal.aborted) return;
        if (failing.isSkipped(id)) continue;
        try {
          await failing.try(id, () => turns.stopUser({ team }, user));
        } catch (error) {
          log('warn', "a blocked user's answers could not be stopped; it will be retried", { team, error });
        }
      }
    },
  };
}

/**
 * Returns all users who were blocked since a time, read in pages. Each page begins at the time at which the last one
 * ended.
 */
async function* blockedSince(
  { listBlockedSince }: Stores['userStatuses'],
  since: Date,
): AsyncGenerator<BlockedUser> {
  let from = since;
  let ofThatTime: string[] = [];
  for (;;) {
    const page = await listBlockedSince(from, BLOCKED_USERS_PAGE, ofThatTime);
    yield* page;
    const last = page.at(-1)?.blockedAt;
    if (page.length < BLOCKED_USERS_PAGE || !last) return;
    const ids = page.filter(({ blockedAt }) => +blockedAt === +last).map(({ id }) => id);
    ofThatTime = +last === +from ? [...ofThatTime, ...ids] : ids;
    from = last;
  }
}

function deletions(eraser: Eraser): Job {
  const progress = new DeletionProgress(
    new FailingItems(systemClock, {
      min: limits.deletionsEveryMs,
      max: 10 * MINUTE_MS,
      work: WORK,
    }),
  );
  return {
    name: 'deletions',
    everyMs: limits.deletionsEveryMs,
    maxMs: 10 * MINUTE_MS,
    run: (signal) => finishDeletions(eraser, signal, new Date(), progress),
  };
}

function retention(
  stores: Pick<Stores, 'agents' | 'chats'>,
  turns: Pick<Turns, 'deleteIdleChat'>,
  log: OperatorLog,
): Job {
  const progress = new RetentionProgress(
    new FailingItems(systemClock, { min: MINUTE_MS, max: 24 * 60 * MINUTE_MS, work: WORK }),
  );
  return {
    name: 'retention',
    everyMs: limits.retentionEveryMs,
    maxMs: 50 * MINUTE_MS,
    async run(signal) {
      const onFailure = (error: unknown, of: object) =>
        log('warn', 'a chat could not be deleted by retention; it will be retried', { ...of, error });
      const chats = await expireChats(stores, turns, { signal, progress, onFailure });
      if (chats > 0) log('info', 'chats were deleted by retention', { chats });
    },
  };
}

function unsentFiles({ files }: Pick<Stores, 'files'>): Job {
  return {
    name: 'unsent files',
    everyMs: limits.unsentFilesEveryMs,
    maxMs: 5 * MINUTE_MS,
    async run(signal) {
      while (!signal.aborted && (await files.sweep(new Date(), UNSENT_FILES_PAGE)) > 0);
    },
  };
}

/** The time by which jobs are repeated. */
export type JobClock = Pick<Clock, 'sleep' | 'random'>;

/**
 * Runs jobs, each at its own interval. A job never overlaps itself. A failed run is logged, and repeated at the
 * next interval.
 */
export function startBackgroundJobs(
  jobs: readonly Job[],
  log: OperatorLog,
  clock: JobClock = systemClock,
): BackgroundJobs {
  const stop = new AbortController();
  const running = jobs.map((job) => repeat(job, log, clock, stop.signal));
  return {
    async close() {
      stop.abort();
      const ended = new AbortController();
      const all = Promise.all(running).then(() => true);
      const isEnded = await Promise.race([all, clock.sleep(CLOSE_MS, ended.signal).then(() => false)]);
      ended.abort();
      if (!isEnded) log('warn', 'a background job did not end; the server stops without it', {});
    },
  };
}

async function repeat(job: Job, log: OperatorLog, clock: JobClock, signal: AbortSignal): Promise<void> {
  for (;;) {
    // Jitter prevents replicas from running in step.
    await clock.sleep(job.everyMs * (0.75 + clock.random() / 2), signal);
    if (signal.aborted) return;
    await runOnce(job, log, clock, signal);
  }
}

async function runOnce({ name, maxMs, run }: Job, log: OperatorLog, clock: JobClock, signal: AbortSignal) {
  const over = new AbortController();
  const done = new AbortController();
  const limit = clock.sleep(maxMs, AbortSignal.any([signal, done.signal])).then(() => {
    if (signal.aborted || done.signal.aborted) return;
    log('warn', 'a background job takes too long; it ends at its next step, and the next run continues', {
      job: name,
    });
    over.abort();
  });
  try {
    await run(AbortSignal.any([signal, over.signal]));
  } catch (error) {
    log('warn', 'a background job failed; it will be retried', { job: name, error });
  } finally {
    done.abort();
    await limit;
  }
}
