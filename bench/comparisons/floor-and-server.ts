import type { Lab } from '../lab/lab.ts';
import { expectSameDocuments } from '../lab/same-documents.ts';
import type { OperationName } from '../load/operation-name.ts';
import { cpuColumn, operationColumns } from './columns.ts';
import type { Comparison, Side, Sides } from './comparison.ts';

/** An operation of the floor and the same of the server, as fast as they go. */
export function floorAndServer(operation: OperationName, title: string): Comparison {
  return {
    title,
    concurrencies: [1, 16, 64],
    columns: operationColumns,
    spread: cpuColumn,
    warmUps: [{ concurrency: 16, count: 1_500 }],
    sides: (lab) => floorAndServerSides(lab, operation),
    verify: ({ mongo }) => expectSameDocuments(mongo),
  };
}

export function floorAndServerSides({ floor, server }: Lab, operation: OperationName): Sides {
  const loadOf: Side['loadOf'] = (size) => ({ operation, ...size });
  return [
    { name: 'floor', subject: floor, loadOf },
    { name: 'server', subject: server, loadOf },
  ];
}
