/*
 * The times of runs that do not follow from the bounds of a process (`TurnBounds`: the lease and the tick).
 */

/** Renewals in a lease. Three may fail in a row: the fourth would come too late. */
export const RENEWALS_PER_LEASE = 4;

/** The pauses between attempts of a write that a run needs, while its lease lasts: a fail-over takes seconds. */
export const PERSIST_BACKOFF = { minMs: 100, maxMs: 1_000, growth: 2 } as const;

/** How long a process uses its count of the turns of an address that run in other processes. */
export const ADDRESS_COUNT_MS = 1_000;

/** How long the end of a chat is remembered: far shorter than a deletion marker stays, so the marker rejects the rest. */
export const TAIL_MAX_AGE_MS = 10 * 60_000;

/** How long text is remembered with it: another process may erase the chat meanwhile. */
export const HISTORY_MAX_AGE_MS = 60_000;

/** The assumed duration of a turn, until this process has seen one end. */
export const FIRST_DURATION_MS = 8_000;
