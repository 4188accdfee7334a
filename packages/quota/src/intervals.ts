import type { Clock } from './ports.ts';

/* The maximum age of a process's knowledge about quota, and the interval of its recovery loop. */

/** How long a count of unfinished turns is used, while it is far below its bound. */
export const COUNT_MAX_AGE_MS = 1_000;

/** How long a turn counts as open if this process has not seen its end: it ended elsewhere, or is in the database. */
export const OPEN_TURN_MAX_AGE_MS = 300_000;

/** A prefetched budget is given back after this time without use. */
export const PREFETCH_IDLE_MS = 30_000;

/** How long nothing is prefetched from a budget after a prefetch found nothing. */
export const PREFETCH_PAUSE_MS = 10_000;

/** The interval of the search for turns that a crash left uncounted. Only the sums of usage are late until then. */
export const RECOVERY_MS = 15_000;

/** A pause of about this length, so that processes do not run in step. */
export function jittered(clock: Pick<Clock, 'random'>, ms: number): number {
  return ms * (0.75 + clock.random() / 2);
}
