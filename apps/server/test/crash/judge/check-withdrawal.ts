import type { Harm, Interval, Use, Withdrawal } from './history.ts';

/** The errors that say nothing about the access. */
const PASSING = new Set(['database_unavailable', 'draining', 'overloaded']);

/**
 * Checks that access ends at every server within the promised time after its withdrawal was acknowledged, for new
 * requests and open ones, stays withdrawn, and returns in the same time if it is given back.
 */
export function checkWithdrawal(
  { name, code, withdrawn, restored, uses }: Withdrawal,
  { servers, withinMs, harms }: Circumstances,
): string[] {
  if (!withdrawn) return [`${name}: no server withdrew the access`];
  const over = deadlineOf(withdrawn, withinMs, harms);
  const untilMs = restored?.from ?? Number.POSITIVE_INFINITY;
  const back = restored ? deadlineOf(restored, withinMs, harms) : Number.POSITIVE_INFINITY;
  const unaware = servers.filter(
    (server) => !uses.some((use) => use.server === server && use.outcome === code),
  );
  return [
    ...unaware.map((server) => `${name}: server ${server} never answered ${code}`),
    ...uses.flatMap((use) => {
      const { interval, outcome, server } = use;
      const say = (what: string) => [`${name}: server ${server} ${what}`];
      const ms = Math.round(interval.from - withdrawn.to);
      if (outcome === code && interval.to < withdrawn.from)
        return say(`answered ${code} before anyone asked for it`);
      if (outcome === code && interval.from > back) return say(`answered ${code} long after it was lifted`);
      if (interval.from > over && interval.to < untilMs && !isRejected(use, code))
        return say(`answered ${outcome} to a request that was sent ${ms} ms after the withdrawal`);
      if (outlives(use, over, untilMs)) return say('kept a request open long after the withdrawal');
      return [];
    }),
  ];
}

interface Circumstances {
  readonly servers: readonly string[];
  /** The promised time. */
  readonly withinMs: number;
  /** During a fault a server may be unable to learn of the withdrawal. */
  readonly harms: readonly Harm[];
}

function isRejected({ outcome }: Use, code: string): boolean {
  return outcome === code || outcome === 'broken' || PASSING.has(outcome);
}

function outlives({ interval, outcome }: Use, over: number, untilMs: number): boolean {
  return outcome !== 'broken' && interval.from <= over && interval.to > over && interval.to < untilMs;
}

/** The promised time after an acknowledgement, extended by the faults in this time. */
function deadlineOf({ to }: Interval, withinMs: number, harms: readonly Harm[]): number {
  let deadline = to + withinMs;
  for (const harm of harms.toSorted((one, other) => one.from - other.from)) {
    if (harm.from < deadline && harm.to > to) deadline += harm.to - Math.max(harm.from, to);
  }
  return deadline;
}
