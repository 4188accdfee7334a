import type { ReplicaSet } from '../lab/replica-set.ts';
import type { Fault, Target } from './fault.ts';

const harmless = { database: 'three nodes', harmsModel: false, holdsUpTurns: true, drains: false } as const;

/** The primary dies: the others elect a new one, and it returns as a secondary. */
export const killPrimary: Fault = {
  ...harmless,
  name: 'mongod-kill',
  async strike({ lab }) {
    const set = replicaSetOf(lab);
    await set.killPrimary();
    lab.proceed();
    await set.heal();
  },
};

/** The primary steps down during writes. */
export const stepDown: Fault = {
  ...harmless,
  name: 'step-down',
  async strike({ lab }) {
    const set = replicaSetOf(lab);
    await set.stepDown();
    lab.proceed();
    await set.heal();
  },
};

function replicaSetOf({ replicaSet }: Target['lab']): ReplicaSet {
  if (!replicaSet) throw new Error('this lab has no replica set');
  return replicaSet;
}
