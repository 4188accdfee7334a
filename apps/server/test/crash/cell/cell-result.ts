import { timeToEndMs } from '../judge/check-ends.ts';
import type { CellHistory, ClientRequest, ObservedTurn } from '../judge/history.ts';
import { judge } from '../judge/judge.ts';
import { questionOf } from '../judge/to-history.ts';
import type { AcknowledgedWrites } from './acknowledged-writes.ts';
import type { AccessWithdrawal } from './withdrawals.ts';

/** The result of a cell. */
export interface CellResult {
  readonly name: string;
  readonly turns: readonly ObservedTurn[];
  /** The number of injected faults. */
  readonly strikes: number;
  /** The requests of clients, and the number that broke off or were rejected. */
  readonly requests: number;
  readonly brokenOff: number;
  readonly takeovers: number;
  readonly failed: number;
  readonly callsPerTurnMax: number;
  /** The time of the slowest turn, without the time that faults held it up. */
  readonly endMsMax: number;
  /** Access that was withdrawn during the cell. Servers may learn of it after the cell. */
  readonly withdrawals: readonly AccessWithdrawal[];
  /** Writes that were acknowledged during the cell. Some of their effects come in the background. */
  readonly writes: readonly AcknowledgedWrites[];
  /** The violations of promises, as sentences. */
  readonly offences: readonly string[];
}

/**
 * Judges the observations of a cell, and counts them. `strikesWanted` is the number of faults that were to be
 * injected.
 */
export function resultOf(
  name: string,
  history: CellHistory,
  strikesWanted: number,
  { withdrawals = [], writes = [] }: Partial<Pick<CellResult, 'withdrawals' | 'writes'>> = {},
): CellResult {
  const { messages, turns, calls, harms } = history;
  const requests = messages.flatMap((message) => message.requests);
  const callsOf = Map.groupBy(calls, ({ context }) => questionOf(context));
  const missed = strikesWanted - harms.length;
  return {
    name,
    turns,
    strikes: harms.length,
    requests: requests.length,
    brokenOff: requests.filter(isBrokenOff).length,
    takeovers: turns.reduce((sum, { takeovers }) => sum + takeovers, 0),
    failed: turns.filter(({ status }) => status === 'failed').length,
    callsPerTurnMax: Math.max(0, ...[...callsOf.values()].map(({ length }) => length)),
    ...{ withdrawals, writes },
    endMsMax: Math.max(0, ...turns.map((turn) => timeToEndMs(turn, history))),
    offences: [...judge(history), ...(missed > 0 ? [`nobody came to the point, ${missed} times`] : [])],
  };
}

function isBrokenOff({ result, apiError, connection }: ClientRequest): boolean {
  if (apiError) return true;
  if (connection) return !connection.events.some(({ event }) => event.type === 'end');
  return result.kind === 'unknown';
}
