import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Measurement } from './measure.ts';
import type { Options } from './options.ts';
import { renderTables } from './table.ts';

const DOCUMENT = new URL('../docs/performance.md', import.meta.url);
const START = '<!-- measured: start -->';
const END = '<!-- measured: end -->';

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

/**
 * Puts a report between the marks of docs/performance.md.
 *
 * @throws Error when the marks are not there
 */
export async function writeReport(report: string): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8');
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`docs/performance.md must have a line ${START} and after it a line ${END}.`);
  }
  await writeFile(DOCUMENT, `${before}${START}\n\n${report}\n\n${END}${after}`);
}
