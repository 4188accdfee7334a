/** Limits of open streams and their readers. */
export const streamLimits = {
  /** The longest pause between two signs of life on an idle stream. Proxies cut after 30 to 60 s. */
  heartbeatMs: 10_000,
  /** A reader that receives nothing for this long is disconnected. */
  readerStallMaxMs: 60_000,
  /** Open streams of one user per process: a few tabs on a few devices. */
  streamsPerUserMax: 20,
  /** Open streams of one address per process: an office of people with a few tabs each. */
  streamsPerAddressMax: 500,
  /** Open streams per process. Each holds a socket and a few kilobytes. */
  streamsMax: 10_000,
  /** How often a process checks the credentials of its open streams again. */
  streamCheckEveryMs: 2_000,
  /**
   * How soon a process checks the credentials of a new stream, which may have been opened with cached ones.
   */
  streamFirstCheckMs: 500,
  /** A stream whose credentials could not be checked for this long is ended. */
  streamUncheckedMaxMs: 30_000,
  /** How long changes in lists of chats are kept. A reader whose cursor is older reads the list again. */
  listChangesSeconds: 60 * 60,
} as const;
