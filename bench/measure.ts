import type { Lab, Subject } from './lab/lab.ts';
import type { OperationName } from './load/operation-name.ts';
import type { RoundTimes } from './load/run-tasks.ts';
import type { Load } from './load/task.ts';
import type { Options } from './options.ts';

/** What one round of one side came to. */
export interface Sample {
  /** Operations per second. */
  readonly throughput: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the measured process for one operation, in milliseconds. */
  readonly cpuMs: number;
}

/** The rounds of one operation at one concurrency: pairs measured one right after the other. */
export interface Measurement {
  readonly operation: OperationName;
  readonly concurrency: number;
  readonly rounds: readonly { readonly floor: Sample; readonly server: Sample }[];
}

/** Enough for the compilers to have seen each path of an operation. */
const WARM_UP = { concurrency: 16, count: 1_500 };
/** Enough to guess how fast it goes at some concurrency. */
const TRIAL_OPERATIONS = 200;
const OPERATIONS_MIN = 50;

/**
 * Measures each operation at each concurrency. A round is a fixed number of operations, the same for both
 * sides, so that both work on the same histories; the sides take turns, and so does who begins.
 */
export async function measureAll(
  lab: Lab,
  options: Options,
  say: (line: string) => void,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const operation of options.operations) {
    for (const subject of [lab.floor, lab.server]) await runRound(lab, subject, { operation, ...WARM_UP });
    for (const concurrency of options.concurrencies) {
      say(`${operation}, ${concurrency} at once …`);
      measurements.push(await measure(lab, operation, concurrency, options));
    }
  }
  await lab.expectSameDocuments();
  return measurements;
}

async function measure(
  lab: Lab,
  operation: OperationName,
  concurrency: number,
  options: Options,
): Promise<Measurement> {
  const count = await countFor(lab, operation, concurrency, options.seconds);
  const round = (subject: Subject) => runRound(lab, subject, { operation, concurrency, count });
  const rounds: Measurement['rounds'][number][] = [];
  for (let index = 0; index < options.rounds; index++) {
    if (index % 2 === 0) {
      const floor = await round(lab.floor);
      rounds.push({ floor, server: await round(lab.server) });
    } else {
      const server = await round(lab.server);
      rounds.push({ floor: await round(lab.floor), server });
    }
  }
  return { operation, concurrency, rounds };
}

/** How many operations the server does in the given time, as a short trial says. */
async function countFor(lab: Lab, operation: OperationName, concurrency: number, seconds: number) {
  const trial = { operation, concurrency, count: TRIAL_OPERATIONS };
  const { throughput } = await runRound(lab, lab.server, trial);
  return Math.max(OPERATIONS_MIN, Math.round((seconds * throughput) / concurrency) * concurrency);
}

/** One round of one side. */
export async function runRound(lab: Lab, subject: Subject, load: Load): Promise<Sample> {
  await prepareRound(lab, subject, load);
  return runPrepared(lab, subject);
}

/** Makes what a round works on, through the side's own door. */
export async function prepareRound({ load: generator }: Lab, { target }: Subject, load: Load): Promise<void> {
  await generator.ask('prepare', { target, load });
}

/** Runs the round that was prepared; only this is measured. */
export async function runPrepared({ load: generator }: Lab, { child }: Subject): Promise<Sample> {
  const before = await child.ask<number>('cpu');
  const { count, elapsedMs, p50Ms, p99Ms } = await generator.ask<RoundTimes>('run');
  const cpuMs = ((await child.ask<number>('cpu')) - before) / count;
  return { throughput: (count / elapsedMs) * 1_000, p50Ms, p99Ms, cpuMs };
}
