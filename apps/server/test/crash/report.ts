import { availableParallelism } from 'node:os';
import type { CellResult } from './cell/cell-result.ts';
import { points } from './lab/crash-points.ts';
import { faults } from './matrix.ts';

/** Returns the result of a run as Markdown. */
export function renderReport(
  results: readonly CellResult[],
  { seed, seconds }: { readonly seed: number; readonly seconds: number },
): string {
  const turns = sum(results, (result) => result.turns.length);
  const offences = sum(results, (result) => result.offences.length);
  const strikes = sum(results, (result) => result.strikes);
  const machine = `${availableParallelism()} cores, Node ${process.versions.node}`;
  const total =
    `Seed ${seed}: **${count(turns)} turns, ${count(strikes)} strikes, ${count(offences)} promises broken**, ` +
    `in ${count(Math.round(seconds))} seconds on ${machine}.`;
  return `${total}\n\n${renderTable(results)}`;
}

/** A line for each fault: the turns at each point, and the sums of all of them. */
function renderTable(results: readonly CellResult[]): string {
  const counts = ['strikes', 'requests', 'broken off', 'taken over', 'failed', 'calls a turn', 'slowest end'];
  const head = ['Harm', ...points, ...counts];
  const names = [...new Set(results.map(({ name }) => harmOf(name)))];
  const ordered = [...faults.map(({ name }) => name), ...names].filter((name) => names.includes(name));
  const lines = [...new Set(ordered)].map((harm) => {
    const ofHarm = results.filter(({ name }) => harmOf(name) === harm);
    return [harm, ...points.map((point) => cellOf(ofHarm, `${harm}@${point}`)), ...countsOf(ofHarm)];
  });
  return [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function harmOf(name: string): string {
  return name.split('@')[0] ?? name;
}

function cellOf(results: readonly CellResult[], name: string): string {
  const result = results.find((one) => one.name === name);
  if (!result) return '';
  const { turns, offences } = result;
  return offences.length === 0 ? `${turns.length}` : `${turns.length}, **${offences.length} broken**`;
}

function countsOf(results: readonly CellResult[]): string[] {
  return [
    count(sum(results, ({ strikes }) => strikes)),
    count(sum(results, ({ requests }) => requests)),
    count(sum(results, ({ brokenOff }) => brokenOff)),
    count(sum(results, ({ takeovers }) => takeovers)),
    count(sum(results, ({ failed }) => failed)),
    `≤ ${Math.max(...results.map(({ callsPerTurnMax }) => callsPerTurnMax))}`,
    `${(Math.max(...results.map(({ endMsMax }) => endMsMax)) / 1_000).toFixed(1)} s`,
  ];
}

function sum(results: readonly CellResult[], of: (result: CellResult) => number): number {
  return results.reduce((total, result) => total + of(result), 0);
}

function count(number: number): string {
  return number.toLocaleString('en');
}
