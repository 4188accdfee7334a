import type { Lab, Subject } from './lab/lab.ts';
import type { RoundTimes } from './load/run-tasks.ts';
import type { Load } from './load/task.ts';

/** The result of one round of operations. */
export interface RoundSample {
  /** Operations per second. */
  readonly throughput: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** CPU time of the measured process for one operation, in milliseconds. */
  readonly cpuMs: number;
}

/** One round of one side. */
export async function measureRound(lab: Lab, subject: Subject, load: Load): Promise<RoundSample> {
  await prepareRound(lab, subject, load);
  const sample = await runPrepared(lab, subject);
  await lab.load.ask('verify');
  return sample;
}

/** Makes what a round works on, through the side's own transport. */
export async function prepareRound({ load: generator }: Lab, { target }: Subject, load: Load): Promise<void> {
  await generator.ask('prepare', { target, load });
}

/** Runs the round that was prepared; only this is measured. */
export async function runPrepared({ load: generator }: Lab, { child }: Subject): Promise<RoundSample> {
  const before = await child.ask<number>('cpu');
  const { count, elapsedMs, ...percentiles } = await generator.ask<RoundTimes>('run');
  const cpuMs = ((await child.ask<number>('cpu')) - before) / count;
  return { throughput: (count / elapsedMs) * 1_000, ...percentiles, cpuMs };
}
