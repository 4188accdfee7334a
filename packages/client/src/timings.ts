/** How long the client waits where nobody told it. In milliseconds; tests shorten them. */
export const timings = {
  /** From one attempt of a send to the next, at first; it doubles up to 10 s. */
  firstResendMs: 1_000,
  /** The first attempt after a cut comes soon: most cuts are a proxy's, or a server's that goes. */
  firstReconnectMs: 250,
  /** A stream that says nothing for so long after it was asked for is asked for again. */
  streamOpeningMaxMs: 15_000,
  /** A page that is hidden for longer gives its connection back: browsers have six for each server. */
  hiddenMaxMs: 10_000,
  /** What is refused for good may be allowed later, when somebody has changed something. */
  refusedStreamPauseMs: 30_000,
  /** A component that is mounted anew must not connect anew. */
  closeGraceMs: 1_000,
  /** What was accepted and is not told of by then was missed. */
  toldMaxMs: 3_000,
} as const;

export type Timings = { readonly [Name in keyof typeof timings]: number };
