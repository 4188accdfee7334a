import type { Id, TapePlace } from '@parley/contract';
import type { SystemScope } from '../scope.ts';

/** A piece of a running answer: its tape from `to - text.length` to `to`, in UTF-16 units. */
export interface LogBatch {
  readonly turn: Id<'turn'>;
  readonly team: Id<'team'>;
  readonly attempt: number;
  readonly to: number;
  readonly text: string;
  /** The place at which the piece begins. Absent while the tape has no mark. */
  readonly place?: TapePlace;
}

/** The tape of a run from an offset on, as far as the log has it. */
export interface LoggedTape {
  readonly text: string;
  /** The place at the offset. Absent while the tape has no mark, or nothing follows. */
  readonly place?: TapePlace;
  /** The offset is within a mark, so no event has ended there. */
  readonly isWithinMark?: true;
}

/**
 * The log of running answers, from which any process can show them. It may lag behind the run, and is removed some hours
 * later: the ended turn holds the whole text.
 */
export interface TurnLogStore {
  /** Stores pieces of any number of answers with one write. Repeatable: a stored piece stays as it is. */
  append(batches: readonly LogBatch[]): Promise<void>;
  /** The tape of a run in the log, from the offset `from` to the first gap. */
  read(scope: SystemScope, turn: Id<'turn'>, attempt: number, from: number): Promise<LoggedTape>;
  /** Removes the log of a turn. */
  remove(scope: SystemScope, turn: Id<'turn'>): Promise<void>;
}
