import type { CellHistory, Harm, Interval, ObservedTurn } from './history.ts';
import { questionOf } from './to-history.ts';

/** Every turn ends in time, normally, and with no more calls of the model than its runs explain. */
export function checkEnds(cell: CellHistory): string[] {
  const { promises, calls } = cell;
  const callsOf = Map.groupBy(calls, ({ context }) => questionOf(context));
  const ofVisitors = new Set(
    cell.messages.filter(({ visitorAt }) => visitorAt).map(({ content }) => content),
  );
  const waitMs = promises.load?.visitorWaitMs ?? 0;
  return cell.turns.flatMap((turn) => {
    const offences: string[] = [];
    const say = (what: string) => offences.push(`turn ${turn.id} of ${turn.chat} ${what}`);
    const lateMs = timeToEndMs(turn, cell);
    const isVisitors = ofVisitors.has(turn.userMessage?.content ?? '');
    if (lateMs > promises.endWithinMs + (isVisitors ? waitMs : 0))
      say(`ended after ${lateMs} ms, without what it was held up`);
    if (turn.status === 'failed' && !promises.mayFail)
      say(`failed (${turn.errorCode}), and no model was harmed`);
    // The last takeover of a turn that is given up does not run it.
    if (turn.takeovers > promises.takeoversMax + 1) say(`was taken over ${turn.takeovers} times`);
    const callsMax = promises.callsPerRunMax * (1 + turn.takeovers + promises.handOvers);
    const calledTimes = callsOf.get(turn.userMessage?.content ?? '')?.length ?? 0;
    if (calledTimes > callsMax) say(`called the model ${calledTimes} times; ${callsMax} are explained`);
    return offences;
  });
}

/** The time from when a turn could have run until it ended, without outages of its dependencies. */
export function timeToEndMs(turn: ObservedTurn, { turns, harms }: CellHistory): number {
  const { chat, sequence, createdAt, endedAt } = turn;
  if (endedAt === undefined) return Number.POSITIVE_INFINITY;
  const before = turns.find((other) => other.chat === chat && other.sequence === sequence - 1);
  const from = Math.max(createdAt, before?.endedAt ?? 0);
  return endedAt - from - heldUpMs({ from, to: endedAt }, harms);
}

/** Faults do not overlap. */
function heldUpMs({ from, to }: Interval, harms: readonly Harm[]): number {
  return harms
    .filter(({ holdsUpTurns }) => holdsUpTurns)
    .map((harm) => Math.min(to, harm.to) - Math.max(from, harm.from))
    .reduce((sum, ms) => sum + Math.max(ms, 0), 0);
}
