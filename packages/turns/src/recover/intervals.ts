/*
 * How often a process looks for what a crash left. Nobody waits for it but the affected chats, so a third of a lease is
 * soon enough: a dead runner is noticed after a lease anyway.
 */

/** Passes of each recovery loop in a lease. */
export const PASSES_PER_LEASE = 3;

/** The longest pause before a deletion that fails is tried again. */
export const DELETION_RETRY_MAX_MS = 10 * 60_000;

/** After so many failures in a row the database is unreachable, and the pass ends: the rest is tried later. */
export const UNREACHABLE_MAX = 3;
