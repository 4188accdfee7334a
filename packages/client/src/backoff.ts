const FIRST_MS = 1_000;
const LONGEST_MS = 10_000;
/** Clients that were cut off together must not come back together. */
const JITTER = 0.2;

/** How long to wait before the attempt after `failures` failed ones: 1 s, 2 s, 4 s … 10 s, a little less each. */
export function backoffMs(failures: number, firstMs: number = FIRST_MS): number {
  const full = Math.min(firstMs * 2 ** Math.max(failures - 1, 0), LONGEST_MS);
  return Math.round(full * (1 - JITTER * Math.random()));
}
