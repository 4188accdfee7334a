/*
 * The intervals at which a process looks for work that a crash left. Only the affected chats wait for it, so a third
 * of a lease is soon enough: a dead process is noticed after a lease anyway.
 */

/** Passes of each recovery loop in a lease. */
export const PASSES_PER_LEASE = 3;

/** The longest pause before a deletion that fails is tried again. */
export const DELETION_RETRY_MAX_MS = 10 * 60_000;

/** A deletion that takes longer is not waited for: it continues, and those behind it are finished meanwhile. */
export const DELETION_WORK_MAX_MS = 60_000;

/** While so many deletions of chats continue beyond their time, no other one is begun. */
export const DELETIONS_UNDER_WAY_MAX = 8;

/** After so many failures in a row the database is unreachable, and the pass ends: the rest is tried later. */
export const UNREACHABLE_MAX = 3;
