/*
 * The intervals of lists of chats.
 */

/** How often a process writes which chats were used. */
export const USES_EVERY_MS = 500;

/** The number of chats whose accepted turns a process notes. Ends are noted beyond it. */
export const ACCEPTED_USES_MAX = 10_000;
