import { type Harness, LEASE_MS, type Replica, type ReplicaOptions } from './harness.ts';
import { TestClock } from './test-clock.ts';

/** The step of the clock. There are several steps in every renewal and every pass of the recovery loop. */
export const STEP_MS = LEASE_MS / 20;
/** The recovery loop runs three times in a lease. */
export const RECOVERY_MS = LEASE_MS / 3;

/** A process whose clock only moves when the test moves it, so that it can stall or die while others continue. */
export interface ClockedReplica extends Replica {
  readonly clock: TestClock;
  /** Moves the clock in small steps with renewals and recovery, as in a healthy process. */
  live(ms: number): Promise<void>;
}

/** Starts a process with its own clock, after its first pass of the recovery loop. */
export async function startClocked(harness: Harness, options: ReplicaOptions = {}): Promise<ClockedReplica> {
  const clock = new TestClock();
  const replica = harness.startReplica({ ...options, clock });
  const settle = async () => {
    await clock.rounds();
    await replica.tap.quiet();
  };
  const live = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      clock.advance(STEP_MS);
      await settle();
    }
  };
  await settle();
  return { ...replica, clock, live };
}
