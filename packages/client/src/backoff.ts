const FIRST_MS = 1_000;
const LONGEST_MS = 10_000;
/** Spreads the reconnects of clients that lost their connection together. */
const JITTER = 0.2;

/**
 * Returns the milliseconds to wait after `failures` failed attempts in a row: 1 s, 2 s, 4 s … 10 s, minus up
 * to 20 % jitter.
 */
export function backoffMs(failures: number, firstMs: number = FIRST_MS): number {
  const full = Math.min(firstMs * 2 ** Math.max(failures - 1, 0), LONGEST_MS);
  return Math.round(full * (1 - JITTER * Math.random()));
}
