import type { Fault } from './faults/fault.ts';
import { linkFaults } from './faults/link-faults.ts';
import { killPrimary, stepDown } from './faults/replica-set-faults.ts';
import { kill, suspend, terminate } from './faults/server-faults.ts';
import { type Point, points } from './lab/crash-points.ts';

/** One cell of the matrix: a fault at a point of a turn. */
export interface Cell {
  /** Such as `kill-9@in-stream`. */
  readonly name: string;
  readonly point: Point;
  readonly fault: Fault;
}

export const faults: readonly Fault[] = [kill, terminate, suspend, ...linkFaults, killPrimary, stepDown];

/** Every fault at every point. */
export const matrix: readonly Cell[] = faults.flatMap((fault) =>
  points.map((point) => ({ name: `${fault.name}@${point}`, point, fault })),
);
