/** Leases that a crash outlasts in little time, and that a busy machine still keeps. */
export const bounds = { leaseMs: 1_500, tickMs: 100, drainMs: 80 } as const;

/**
 * What a turn may take beside its answer and the time in which what it needs is away: two leases for which a
 * server may stand still before it even stores the message, one until a runner counts as dead, and two for the
 * sweeps that notice, and for the machine.
 */
export const END_LEASES = 5;
