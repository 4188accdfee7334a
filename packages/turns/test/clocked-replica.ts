import { type Harness, LEASE_MS, type Replica, type ReplicaOptions } from './harness.ts';
import { TestClock } from './test-clock.ts';

/** How far a clock is moved at once: there are several steps to every renewal and every sweep. */
export const STEP_MS = LEASE_MS / 20;
/** A sweep comes every third of a lease. */
export const SWEEP_MS = LEASE_MS / 3;

/** A replica whose clock stands still until the test moves it: it can stall, or die, while another goes on. */
export interface ClockedReplica extends Replica {
  readonly clock: TestClock;
  /** Lets time pass in small steps, each with its renewal and its sweep, as it passes for a healthy process. */
  live(ms: number): Promise<void>;
}

/** Starts a replica with a clock of its own; its first sweep is over. */
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
