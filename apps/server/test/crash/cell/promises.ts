import { limits } from '@parley/contract';
import type { Fault } from '../faults/fault.ts';
import type { Promises } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';

/** A run asks the model three times at most; each time once more where a kept connection had gone stale. */
const CALLS_PER_HARMED_RUN = 6;

/** The promises that hold when this fault occurs so often. */
export function promisesOf(fault: Fault, { endWithinMs, answerMsMax }: Lab, strikes: number): Promises {
  return {
    endWithinMs: endWithinMs + answerMsMax,
    takeoversMax: limits.takeoversMax,
    handOvers: fault.drains ? strikes : 0,
    callsPerRunMax: fault.harmsModel ? CALLS_PER_HARMED_RUN : 1,
    mayFail: fault.harmsModel,
  };
}
