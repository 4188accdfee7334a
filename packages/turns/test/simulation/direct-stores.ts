import type { EngineStores } from '@parley/db/testing';
import { type Conditions, Connection } from './connection.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { SimulatedDatabase } from './simulated-database.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { createSimulatedStores } from './simulated-stores.ts';

type AsyncFunction = (...args: readonly unknown[]) => Promise<unknown>;

const conditions: Conditions = {
  latencyMaxMs: 5,
  replicationMaxMs: 5,
  lost: 0,
  unanswered: 0,
  late: 0,
  lateMaxMs: 0,
  hanging: 0,
  partial: 0,
  areTitlesAlone: false,
  repeated: 0,
  busyMaxMs: 0,
  callMaxMs: 1_000,
  isDown: false,
};

/** The simulated stores of one process whose clock moves whenever a call waits for them. */
export function openDirectStores(): EngineStores {
  const scheduler = new Scheduler();
  const process = new SimulatedProcess('p', scheduler, new Random(1));
  const connection = new Connection(scheduler, process, new SimulatedDatabase(), conditions, new Random(2));
  let waiting = 0;
  let isTransient = false;
  /**
   * Moves the clock in a single loop. A second loop would not wait for promises that the first loop's events settle.
   */
  const passTime = async () => {
    if (isTransient) return;
    isTransient = true;
    while (waiting > 0) await scheduler.run(() => waiting === 0);
    isTransient = false;
  };
  const driven =
    (call: AsyncFunction) =>
    async (...args: readonly unknown[]) => {
      waiting++;
      const result = call(...args).finally(() => waiting--);
      void passTime();
      return result;
    };
  const entries = Object.entries(createSimulatedStores(connection)).map(([name, store]) => [
    name,
    Object.fromEntries(
      Object.entries(store).map(([property, call]: [string, AsyncFunction]) => [property, driven(call)]),
    ),
  ]);
  // The wrapped functions keep their types, because the wrapper only moves the clock.
  return Object.fromEntries(entries) as EngineStores;
}
