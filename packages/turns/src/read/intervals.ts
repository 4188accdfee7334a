/*
 * The intervals at which readers poll the database. A process that runs a turn notifies its own readers, so these
 * intervals matter only to readers in other processes, and as a safety net. Readers that poll at the same time share
 * a command (`reads.ts`).
 */

/** The log and the status of an answer that runs elsewhere. Polls are frequent while text arrives. */
export const ANSWER_POLL = { minMs: 50, maxMs: 400, growth: 2 } as const;

/** The newest turns of a chat that has a follower. Polls are frequent while something happens. */
export const CHAT_POLL = { minMs: 250, maxMs: 2_000, growth: 2 } as const;

/** The end of a turn that runs elsewhere, for a request that waits for this end. */
export const END_POLL = { minMs: 100, maxMs: 1_000, growth: 1.5 } as const;

/** The end of a turn that runs here. Its process notifies the waiting request, and the poll is a safety net. */
export const LOCAL_END_POLL_MS = 5_000;

/** A turn that waits for a place in this process. It normally starts here, but another process may take it. */
export const WAITING_POLL_MS = 2_000;

/** The longest time that the log lags behind the text that a reader received in the process of the run. */
export const LOG_LAG_MAX_MS = 2_000;

/** The longest time that a primary which was replaced may answer reads with old data. */
export const DEPOSED_PRIMARY_MAX_MS = 10_000;

/** The maximum age of a queue position that a reader receives. */
export const QUEUE_POSITION_MAX_AGE_MS = 2_000;

/**
 * The maximum age of a result that serves other readers. It is longer than any pause between two polls that accept
 * such a result.
 */
export const SHARED_READ_MAX_AGE_MS = 2_000;
