import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import type { Site } from '../lab/site.ts';
import type { Random } from '../random.ts';

/** A fault, which is injected while a server is held at a crash point. */
export interface Fault {
  /** Its name in the table and on the command line. */
  readonly name: string;
  readonly database: 'one node' | 'three nodes';
  /** Whether it may make an answer fail. */
  readonly harmsModel: boolean;
  /**
   * Whether turns may make no progress while it lasts. The loss of one server is no reason, because the other one
   * runs.
   */
  readonly holdsUpTurns: boolean;
  /** Whether it stops a server: each time, its running turns may be handed over. */
  readonly drains: boolean;
  /** Injects the fault, releases what is held, and repairs it. Settles when everything works again. */
  strike(target: Target): Promise<void>;
}

export interface Target {
  readonly lab: Lab;
  /** The point at which the server is held. */
  readonly site: Site;
  readonly random: Random;
}

/**
 * Waits until the return of a disconnected server would do the most damage: in half of the cases while another server
 * runs the turns that it took over; otherwise long after that.
 */
export async function untilSurprising({ lab, random }: Target): Promise<void> {
  const { leaseMs } = lab.bounds;
  const patience = new AbortController();
  const { signal } = patience;
  const late = delay(leaseMs * (1.5 + random.next() / 2), undefined, { signal }).catch(() => undefined);
  await Promise.race([late, ...(random.chance(0.5) ? [lab.model.calledAgain()] : [])]);
  patience.abort();
}
