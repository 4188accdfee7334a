import type { OperationName } from './load/operation-name.ts';
import type { Measurement, Sample } from './measure.ts';

const titles: Readonly<Record<OperationName, string>> = {
  'send-message': 'A message turn (`POST /chat/:chatId/message`)',
  'create-chat': 'Create a chat (`POST /chat`)',
  'list-messages': 'List 20 messages (`GET /chat/:chatId/message`)',
  'list-chats': 'List 50 chats (`GET /chat`)',
};

/** A measure of a table: its title, its value in a sample, and how it is written. */
interface Column {
  readonly title: string;
  readonly of: (sample: Sample) => number;
  readonly digits: number;
}

const columns: readonly Column[] = [
  { title: 'operations/s', of: ({ throughput }) => throughput, digits: 0 },
  { title: 'p50 ms', of: ({ p50Ms }) => p50Ms, digits: 1 },
  { title: 'p99 ms', of: ({ p99Ms }) => p99Ms, digits: 1 },
  { title: 'CPU ms/operation', of: ({ cpuMs }) => cpuMs, digits: 3 },
];

/** The measurements as markdown, a table for each operation. */
export function renderTables(measurements: readonly Measurement[]): string {
  return [...Map.groupBy(measurements, ({ operation }) => operation)]
    .map(([operation, rows]) => `**${titles[operation]}**\n\n${renderTable(rows)}`)
    .join('\n\n');
}

function renderTable(rows: readonly Measurement[]): string {
  const head = [
    'At once',
    ...columns.flatMap(({ title }) => [`floor ${title}`, 'server', 'ratio']),
    'CPU ratio, least to most',
  ];
  const lines = rows.map((row) => [
    String(row.concurrency),
    ...columns.flatMap((column) => cellsOf(row, column)),
    spreadOf(row),
  ]);
  return [head, head.map(() => '---:'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Medians of both sides, and the median of the ratios of the pairs. */
function cellsOf({ rounds }: Measurement, { of, digits }: Column): string[] {
  const floor = median(rounds.map((round) => of(round.floor)));
  const server = median(rounds.map((round) => of(round.server)));
  const ratio = median(rounds.map((round) => of(round.server) / of(round.floor)));
  return [write(floor, digits), write(server, digits), `**${ratio.toFixed(2)}**`];
}

function spreadOf({ rounds }: Measurement): string {
  const ratios = rounds.map(({ floor, server }) => server.cpuMs / floor.cpuMs);
  return `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
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
