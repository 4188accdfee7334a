import type { Clock } from './ports.ts';

/*
 * How old a process's knowledge of quota may be, and how often it looks for what a crash left.
 */

/** How long a count of unfinished turns is used, while it is far from its bound. */
export const COUNT_MAX_AGE_MS = 1_000;

/** How long a turn counts as open whose end this process has not seen: it ended elsewhere, or is in the database. */
export const OPEN_TURN_MAX_AGE_MS = 300_000;

/** A prefetched budget that no turn uses for so long is given back. */
export const PREFETCH_IDLE_MS = 30_000;

/** How long a budget is left alone that had nothing to prefetch. */
export const PREFETCH_PAUSE_MS = 10_000;

/** How often turns are looked for that a crash left uncounted: only a sum waits for them. */
export const UNCOUNTED_SWEEP_MS = 15_000;

/** A pause of about this length, so that several processes do not work in step. */
export function jittered(clock: Pick<Clock, 'random'>, ms: number): number {
  return ms * (0.75 + clock.random() / 2);
}
