import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import type { Site } from '../lab/site.ts';
import type { Random } from '../random.ts';

/** A way to do harm, to a server that is held at a crash point. */
export interface Fault {
  /** As it is named in the table and on the command line. */
  readonly name: string;
  readonly database: 'one node' | 'three nodes';
  /** Whether an answer may fail by it. */
  readonly harmsModel: boolean;
  /** Whether turns may stand still while it lasts. A server that is lost is no reason: the other one is there. */
  readonly holdsUpTurns: boolean;
  /** Whether it tells a server to stop: each time, what runs there may be handed over. */
  readonly drains: boolean;
  /** Does the harm, lets go on what is held, and mends. Settles when all is as it was. */
  strike(target: Target): Promise<void>;
}

export interface Target {
  readonly lab: Lab;
  /** The point at which the server is held. */
  readonly site: Site;
  readonly random: Random;
}

/**
 * Waits until a server that lost touch would do the most harm by coming back: half of the times in the moment in
 * which another one has taken over what it ran, and is at it; else long after.
 */
export async function untilSurprising({ lab, random }: Target): Promise<void> {
  const { leaseMs } = lab.bounds;
  const patience = new AbortController();
  const { signal } = patience;
  const late = delay(leaseMs * (1.5 + random.next() / 2), undefined, { signal }).catch(() => undefined);
  await Promise.race([late, ...(random.chance(0.5) ? [lab.model.calledAgain()] : [])]);
  patience.abort();
}
