import type { Id } from '@parley/contract';
import type { SystemScope } from '../scope.ts';

/** A piece of a running answer: the text from `to - text.length` to `to`, in UTF-16 units. */
export interface LogBatch {
  readonly turn: Id<'turn'>;
  readonly team: Id<'team'>;
  readonly attempt: number;
  readonly to: number;
  readonly text: string;
}

/**
 * The log of running answers, so that any process can show them. It may lag behind what the runner has shown,
 * and ends some hours after it was written: the ended turn holds the whole text.
 */
export interface TurnLogStore {
  /** Stores pieces of any number of answers with one write. Repeatable: a piece that is there already stays. */
  append(batches: readonly LogBatch[]): Promise<void>;
  /** What the log holds of a run's text from `from` on, up to the first gap. */
  read(scope: SystemScope, turn: Id<'turn'>, attempt: number, from: number): Promise<string>;
  /** Removes what the log holds of a turn. */
  remove(scope: SystemScope, turn: Id<'turn'>): Promise<void>;
}
