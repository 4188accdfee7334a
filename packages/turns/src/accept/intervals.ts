/*
 * How long accepting a message may wait for other messages of its chat. A rejected message stores nothing, so the client
 * repeats it; together these stay below the time after which a client gives up.
 */

/**
 * The pauses between attempts to insert a turn after another turn took its sequence number. They add up to about five
 * seconds: as long as a write may take until a majority has acknowledged it.
 */
export const CONFLICT_BACKOFF = { attemptsMax: 20, pauseMinMs: 10, pauseMaxMs: 500 } as const;

/**
 * The time that a message waits for the one before it in this process, which may hang. It is about as long as that
 * one tries.
 */
export const PLACEMENT_WAIT_MAX_MS = 5_000;
