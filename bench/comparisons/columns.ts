import type { Column } from './comparison.ts';

export const cpuColumn: Column = { title: 'CPU ms/operation', measure: 'cpuMs', digits: 3 };

/** Of operations that follow each other as fast as they can. */
export const operationColumns: readonly Column[] = [
  { title: 'operations/s', measure: 'throughput', digits: 0 },
  { title: 'p50 ms', measure: 'p50Ms', digits: 1 },
  { title: 'p99 ms', measure: 'p99Ms', digits: 1 },
  cpuColumn,
];

export const turnCpuColumn: Column = { title: 'CPU ms/turn', measure: 'cpuMs', digits: 2 };

/** Of streamed turns: what is beyond the model's own time to its first token. */
export const streamColumns: readonly Column[] = [
  { title: 'turns/s', measure: 'throughput', digits: 1 },
  { title: 'first token p50 ms', measure: 'p50Ms', digits: 1 },
  { title: 'first token p99 ms', measure: 'p99Ms', digits: 1 },
  turnCpuColumn,
];
