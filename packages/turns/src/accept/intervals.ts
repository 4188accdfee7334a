/*
 * How long accepting a message may wait for other messages of its chat. A rejected message stores nothing, so the
 * client can repeat it. The sum of these times is below the timeout of a typical client.
 */

/**
 * The pauses between attempts to insert a turn after another turn took its sequence number. They add up to about five
 * seconds: the time that a majority may need to acknowledge a write.
 */
export const CONFLICT_BACKOFF = { attemptsMax: 20, pauseMinMs: 10, pauseMaxMs: 500 } as const;

/**
 * How long a message waits for the message before it in this process, which may hang. It equals about the sum of
 * that message's pauses.
 */
export const PLACEMENT_WAIT_MAX_MS = 5_000;

/** How often a fork looks whether the turns that it interrupted have ended. */
export const FORK_POLL_MS = 50;
