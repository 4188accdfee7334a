import type { Column, Sample } from './comparisons/comparison.ts';
import type { Measurement } from './measure.ts';

/** The measurements as markdown, a table for each comparison. */
export function renderTables(measurements: readonly Measurement[]): string {
  return [...Map.groupBy(measurements, ({ comparison }) => comparison)]
    .map(([{ title, note }, rows]) =>
      [`**${title}**`, ...(note ? [note] : []), renderTable(rows)].join('\n\n'),
    )
    .join('\n\n');
}

function renderTable(rows: readonly Measurement[]): string {
  const [first] = rows;
  if (!first) return '';
  const { comparison, names } = first;
  const [base, other] = names;
  const head = [
    comparison.concurrencyTitle ?? 'At once',
    ...comparison.columns.flatMap(({ title }) => [`${base}: ${title}`, other, 'ratio']),
    `${comparison.spread.title}: ratio, least to most`,
  ];
  const lines = rows.map((row) => [
    String(row.concurrency),
    ...comparison.columns.flatMap((column) => cellsOf(row, column)),
    spreadOf(row),
  ]);
  return [head, head.map(() => '---:'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Medians of both sides, and the median of the ratios of the pairs. */
function cellsOf({ rounds }: Measurement, { measure, digits }: Column): string[] {
  const base = median(rounds.map((round) => measured(round.base, measure)));
  const other = median(rounds.map((round) => measured(round.other, measure)));
  const ratio = median(ratiosOf(rounds, measure));
  return [write(base, digits), write(other, digits), `**${ratio.toFixed(2)}**`];
}

function spreadOf({ rounds, comparison: { spread } }: Measurement): string {
  const ratios = ratiosOf(rounds, spread.measure);
  return `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
}

function ratiosOf(rounds: Measurement['rounds'], measure: Column['measure']): number[] {
  return rounds.map(({ base, other }) => measured(other, measure) / measured(base, measure));
}

function measured(sample: Sample, measure: Column['measure']): number {
  return sample[measure] ?? Number.NaN;
}

function write(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const lower = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return (lower + upper) / 2;
}
