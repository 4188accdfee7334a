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
 * The log of running answers, from which any process can show them. It may lag behind the run, and is removed some hours
 * later: the ended turn holds the whole text.
 */
export interface TurnLogStore {
  /** Stores pieces of any number of answers with one write. Repeatable: a stored piece stays as it is. */
  append(batches: readonly LogBatch[]): Promise<void>;
  /** The text of a run in the log, from the offset `from` to the first gap. */
  read(scope: SystemScope, turn: Id<'turn'>, attempt: number, from: number): Promise<string>;
  /** Removes the log of a turn. */
  remove(scope: SystemScope, turn: Id<'turn'>): Promise<void>;
}
