/*
 * The intervals of lists of chats.
 */

/** How often a process writes which chats were used. */
export const USES_EVERY_MS = 500;

/** The number of chats whose accepted turns a process notes. Ends are noted beyond it. */
export const ACCEPTED_USES_MAX = 10_000;

/** The changes of a list that is followed. A process notifies its own followers, so polls only find changes of others. */
export const LIST_POLL = { minMs: 500, maxMs: 2_000, growth: 2 } as const;

/**
 * How far each poll reaches back. It is longer than a write may take, after which its change is visible or never will be.
 */
export const CHANGES_OVERLAP_MS = 10_000;

/** A cursor within this time of the oldest change gets no single events, because changes before it may be removed. */
export const LIST_RESUME_RESERVE_MS = 5 * 60_000;
