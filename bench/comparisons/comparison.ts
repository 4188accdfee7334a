import type { Lab, Subject } from '../lab/lab.ts';
import type { LoopDelay } from '../lab/loop-answers.ts';
import type { Load } from '../load/task.ts';
import type { Options } from '../options.ts';

type Measure = 'throughput' | 'p50Ms' | 'p95Ms' | 'p99Ms' | 'cpuMs' | 'liveKilobytes' | keyof LoopDelay;

/** The result of one round of one side. */
export type Sample = Readonly<Partial<Record<Measure, number>>>;

/** How much a round does. */
export type Size = Pick<Load, 'concurrency' | 'count'>;

/** One of the two that are compared. */
export interface Side {
  readonly name: string;
  readonly subject: Subject;
  /** Of one round. */
  loadOf(size: Size): Load | Promise<Load>;
  /** Starts the work beside the load; disposing of it ends that work, and leaves the server as idle as before. */
  startBeside?(): Promise<AsyncDisposable>;
}

/** The cost of the second side is a multiple of that of the first. */
export type Sides = readonly [base: Side, other: Side];

/** A measure of a table: its title and how it is written. */
export interface Column {
  readonly title: string;
  readonly measure: Measure;
  readonly digits: number;
}

/** Two sides that are given the same work by turns. */
export interface Comparison {
  readonly title: string;
  /** Assertions about the measurement. A run that violates one fails. */
  readonly note?: string;
  /** The number of parallel clients, unless an option sets another. */
  readonly concurrencies: readonly number[];
  /** The unit of the concurrency, if it is not concurrent operations. */
  readonly concurrencyTitle?: string;
  /** Of long rounds, which say enough by fewer than the run has. */
  readonly roundsMax?: number;
  readonly columns: readonly Column[];
  /** The column that also shows the spread of single rounds. */
  readonly spread: Column;
  /** Makes what both sides work on. */
  sides(lab: Lab, options: Options): Sides | Promise<Sides>;
  /** Enough for the compilers to have seen each path. */
  readonly warmUps: readonly Size[];
  /** How many operations a round has, where that does not follow from how long they take. */
  countOf?(concurrency: number, seconds: number): number;
  /** Measures one round, where that is not the time and the CPU that its operations take. */
  measure?(lab: Lab, side: Side, size: Size): Promise<Sample>;
  /** @throws Error when it was not that which was measured */
  verify?(lab: Lab): Promise<void>;
}
