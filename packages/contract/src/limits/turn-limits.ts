/** Limits of turns: how many run and wait, and for how long. */
export const turnLimits = {
  /**
   * Waiting turns of one chat. People do not type further ahead; scripts get an error that asks them to
   * wait.
   */
  queuedTurnsPerChatMax: 8,
  /** Running turns of one process. Each holds a socket to the model and at most one answer in memory. */
  runningTurnsMax: 1_000,
  /** Running turns of one address whose callers are not verified by a team: an office of visitors. */
  runningPerAddressMax: 64,
  /** Further turns of that address that are accepted and wait: a few minutes of an office's messages. */
  waitingPerAddressMax: 256,
  /**
   * In UTF-16 units. A longer answer is cut, like one that reaches the model's own limit. This keeps a turn
   * far below MongoDB's 16 MB.
   */
  answerLengthMax: 256_000,
  /** In UTF-16 units of one turn. The rest of a longer reasoning is not kept; the answer goes on. */
  reasoningLengthMax: 256_000,
  /** Sources of one answer. More are left out: nobody reads so long a list. */
  sourcesMax: 50,
  /** The longest URL that servers and proxies commonly accept. A source with a longer one is left out. */
  sourceUrlLengthMax: 2_048,
  /** In UTF-16 units. A longer title of a source is cut: pages show a line of it. */
  sourceTitleLengthMax: 300,
  /** One call of the model with all its retries. Fits the longest answer of a slow local model. */
  turnTimeMaxMs: 300_000,
  /** The longest wait of a request for its answer: the turn's own time and that of its predecessors. */
  sendWaitMaxMs: 600_000,
  /** How long a cancel request waits for the end of the turn. A live process stops a turn within a second. */
  cancelWaitMaxMs: 3_000,
  /** The time after which another process takes over the turns of a dead process. */
  leaseMs: 10_000,
  /**
   * How often a process checks whether its turns were cancelled or deleted, and writes their text to the log.
   */
  tickMs: 250,
  /**
   * A turn whose processes died more often is ended as failed, so that it cannot kill every process in turn.
   */
  takeoversMax: 2,
  /**
   * How long the log of a running answer is kept: much longer than any turn (three attempts of 5 minutes, and
   * their queue).
   */
  turnLogSeconds: 3 * 60 * 60,
} as const;
