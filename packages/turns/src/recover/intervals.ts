/*
 * The intervals at which a process looks for work that a crash left. Only the affected chats wait for it, and a dead
 * process is noticed only after a whole lease, so three passes in a lease are enough.
 */

/** Passes of each recovery loop in a lease. */
export const PASSES_PER_LEASE = 3;

/** The longest pause before a failed deletion is tried again. */
export const DELETION_RETRY_MAX_MS = 10 * 60_000;

/** A deletion that takes longer continues in the background, and the loop continues with the next deletions. */
export const DELETION_WORK_MAX_MS = 60_000;

/** While so many deletions continue in the background, no other deletion begins. */
export const DELETIONS_UNDER_WAY_MAX = 8;

/**
 * After so many failures in a row the database counts as unreachable, and the pass ends. The next pass tries the
 * rest.
 */
export const UNREACHABLE_MAX = 3;
