import { limits } from '@parley/contract';
import type { Fault } from '../faults/fault.ts';
import type { LoadBounds, Promises } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { LabBounds } from '../lab/site.ts';

/**
 * A run calls the model at most three times, and each call is repeated once if it used a stale keep-alive connection.
 */
const CALLS_PER_HARMED_RUN = 6;

/** The promises that hold when this fault occurs this often. */
export function promisesOf(
  fault: Fault,
  { endWithinMs, answerMsMax, bounds }: Lab,
  strikes: number,
): Promises {
  return {
    endWithinMs: endWithinMs + answerMsMax,
    takeoversMax: limits.takeoversMax,
    handOvers: fault.drains ? strikes : 0,
    callsPerRunMax: fault.harmsModel ? CALLS_PER_HARMED_RUN : 1,
    mayFail: false,
    // A model that is cut off does not notice that a call was aborted.
    ...(!fault.harmsModel && { load: loadBoundsOf(bounds) }),
  };
}

/** The documented bounds, from the settings of the servers. */
function loadBoundsOf({ runningTurnsMax, runningPerAddressMax }: LabBounds): LoadBounds | undefined {
  if (runningTurnsMax === undefined) return undefined;
  return {
    running: runningTurnsMax,
    visitors: runningTurnsMax - Math.floor(runningTurnsMax / 5),
    perAddress: runningPerAddressMax ?? limits.runningPerAddressMax,
    visitorWaitMs: 0,
  };
}
