/*
 * The times of runs that do not follow from the bounds of a process (`TurnBounds`: the lease and the tick).
 */

/** Renewals in a lease. A run survives three failures in a row; a fourth loses the lease. */
export const RENEWALS_PER_LEASE = 4;

/**
 * The pauses between attempts of a run's writes while its lease is valid. A fail-over of the database takes seconds.
 */
export const PERSIST_BACKOFF = { minMs: 100, maxMs: 1_000, growth: 2 } as const;

/** How long a process uses its count of an address's turns in other processes. */
export const ADDRESS_COUNT_MS = 1_000;

/**
 * How long the tail of a chat is remembered: far shorter than a deletion marker stays, so the marker rejects stale
 * inserts.
 */
export const TAIL_MAX_AGE_MS = 10 * 60_000;

/** How long the history is remembered. It is short, because another process may erase the chat meanwhile. */
export const HISTORY_MAX_AGE_MS = 60_000;

/** The assumed duration of a turn, until this process has seen one end. */
export const FIRST_DURATION_MS = 8_000;
