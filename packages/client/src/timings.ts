/** Waiting times of the client in milliseconds. Tests shorten them. */
export const timings = {
  /** The first retry delay of a message. It doubles up to 10 s. */
  firstResendMs: 1_000,
  /**
   * The first reconnect delay of a stream. It is short, because most interruptions come from proxies and
   * restarting servers.
   */
  firstReconnectMs: 250,
  /** A stream that does not open within this time is opened again. */
  streamOpeningMaxMs: 15_000,
  /**
   * A page that is hidden for longer closes its stream, because browsers allow only six connections per
   * server.
   */
  hiddenMaxMs: 10_000,
  /** The delay after a permanent error, which may be resolved on the server by then. */
  permanentErrorPauseMs: 30_000,
  /** How long a stream stays open without subscribers, so that a remounted component does not reconnect. */
  closeGraceMs: 1_000,
  /** An accepted message that the stream has not reported within this time was missed. */
  reportMaxMs: 3_000,
} as const;

/** The waiting times of a client in milliseconds. */
export type Timings = { readonly [Name in keyof typeof timings]: number };
