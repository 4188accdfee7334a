/** Leases that expire quickly after a crash, and that a busy machine can still renew. */
export const bounds = { leaseMs: 1_500, tickMs: 100, drainMs: 80 } as const;

/** Few places, so that turns wait for one at every server. */
export const crowdedBounds = { ...bounds, runningTurnsMax: 3 } as const;

/** Places for many visitors: one in each server is reserved for the team. */
export const visitorBounds = {
  ...bounds,
  runningTurnsMax: 5,
  waitingTurnsMax: 100,
  runningPerAddressMax: 3,
} as const;

/** Five seconds as documented, and one for a busy machine. */
export const ACCESS_ENDS_WITHIN_MS = 6_000;

/**
 * The time that a turn may take in addition to its answer and to the outages: two leases for a server that is
 * suspended before it stores the message, one until its process counts as dead, and two for the recovery loop and the
 * machine.
 */
export const END_LEASES = 5;
