import { ApiError, limits } from '@parley/contract';
import type { Scope } from '@parley/db';
import type { OpeningTurn, OpenTurns } from './open-turns.ts';
import type { QuotaDeps } from './ports.ts';
import type { TurnRequester } from './turn-requester.ts';
import { userSubject } from './user-subject.ts';

/** The share of a team's unfinished turns that visitors leave to the team's own servers. */
const PRIVILEGED_SHARE = 1 / 5;

/** A bound of unfinished turns. */
export interface TurnBound {
  readonly subject: string;
  readonly max: number;
  /** The number of turns that run at a time; another turn fits when one of them ends. */
  readonly running: number;
  /** Counts the subject's unfinished turns in the database, up to `max`. */
  readonly countStored: () => Promise<number>;
  readonly whose: string;
}

/** The bounds of unfinished turns that apply to a requester: of the user, the team and the address. */
export function turnBoundsOf(
  { store, bounds }: Pick<QuotaDeps, 'store' | 'bounds'>,
  { team, user }: Scope,
  { origin, allowance }: TurnRequester,
): TurnBound[] {
  const { user: maxOfUser, team: maxOfTeam } = allowance?.concurrentTurns ?? {};
  const found: TurnBound[] = [];
  const add = (
    subject: string,
    max: number,
    whose: string,
    countStored: TurnBound['countStored'],
    running = max,
  ) => found.push({ subject, max, running, countStored, whose });
  if (maxOfUser !== undefined && user !== undefined) {
    const countStored = () => store.turns.countUnfinished({ team, user }, maxOfUser);
    add(userSubject({ team, user }), maxOfUser, 'This user has', countStored);
  }
  if (maxOfTeam !== undefined) {
    const isVisitor = origin?.isPrivileged === false;
    const max = isVisitor ? maxOfTeam - Math.floor(maxOfTeam * PRIVILEGED_SHARE) : maxOfTeam;
    add(team, max, 'Your team has', () => store.turns.countUnfinished({ team }, max));
  }
  if (origin?.isPrivileged === false) {
    for (const [width, network] of (origin.networks ?? []).entries()) {
      const factor = width === 0 ? 1 : limits.widerNetworkFactor;
      const running = bounds.runningPerAddressMax * factor;
      const max = running + bounds.waitingPerAddressMax * factor;
      const countStored = () => store.turns.countFromNetwork(network, 'unfinished', max);
      add(`network/${network}`, max, 'Callers from your network have', countStored, running);
    }
  }
  return found;
}

/**
 * Counts a turn as open, unless that exceeds a bound.
 *
 * @throws ApiError `too_many_turns`, `database_unavailable`; the turn is not counted then
 */
export async function assertConcurrency(
  deps: QuotaDeps,
  open: OpenTurns,
  bounds: readonly TurnBound[],
  opening: OpeningTurn,
): Promise<void> {
  const subjects = bounds.map(({ subject }) => subject);
  open.add(opening, subjects);
  try {
    for (const bound of bounds) {
      const { subject, max, countStored } = bound;
      if (!(await open.hasRoom(opening.turn, subject, max, countStored))) throw tooManyTurns(deps, bound);
    }
  } catch (error) {
    open.withdraw(opening.turn);
    throw error;
  }
}

/** The error of a turn that exceeds a bound. */
export function tooManyTurns(
  { secondsUntilFree }: Pick<QuotaDeps, 'secondsUntilFree'>,
  { whose, max, running }: TurnBound,
): ApiError {
  return new ApiError('too_many_turns', {
    detail: `${whose} ${max} that are not answered yet.`,
    retryAfterSeconds: secondsUntilFree(running),
  });
}
