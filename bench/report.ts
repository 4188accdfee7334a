import { availableParallelism } from 'node:os';
import type { Measurement } from './measure.ts';
import type { Options } from './options.ts';
import { renderTables } from './table.ts';

/** The measured values and the machine, as Markdown. */
export function renderReport(
  measurements: readonly Measurement[],
  { seconds, rounds }: Options,
  mongodbVersion: string,
): string {
  const cores = availableParallelism();
  const machine = `${cores} cores, Node ${process.versions.node}, MongoDB ${mongodbVersion} (a replica set of one)`;
  const protocol = `${rounds} rounds of each side by turns, of about ${seconds} seconds of the server's time`;
  return `Machine: ${machine}; all processes of the run share it. ${protocol}.\n\n${renderTables(measurements)}`;
}
