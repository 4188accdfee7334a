import { createHash } from 'node:crypto';
import { tokensOfBytes } from '@parley/agent';
import { ApiError, type Id, limits, utcDay } from '@parley/contract';
import type { KeyBudget, NewTurn, Reservation, Scope, Spender, TurnOrigin } from '@parley/db';
import type { AcceptedTurn } from '../accept/accept-turn.ts';
import type { TurnDeps } from '../dependencies.ts';
import type { OpeningTurn, OpenTurns } from './open-turns.ts';
import type { PrefetchedBudgets } from './prefetched-budgets.ts';
import type { RunDurations } from './run-durations.ts';
import { secondsLeftOfDay } from './seconds-left-of-day.ts';

/** What those who ask for a turn may use; what is absent has no bound. */
export interface Allowance {
  /** Tokens a day of the key and of the keys that issued it, of the chat's user and of the team. */
  readonly tokensPerDay?: {
    readonly keys?: readonly KeyBudget[] | undefined;
    readonly user?: number | undefined;
    /** Of all unverified users of one address together. */
    readonly address?: number | undefined;
    readonly team?: number | undefined;
  };
  /** Unfinished turns at a time, of the team and of the user the caller is bound to. */
  readonly concurrentTurns?: { readonly team?: number | undefined; readonly user?: number | undefined };
}

/** A network, named by a hash. */
interface RequesterNetwork {
  readonly name: string;
  readonly factor: number;
}

/** Who asks for a turn, and what they may use. */
export interface TurnRequester {
  readonly spender?: Spender | undefined;
  /** The networks of an unverified user's address: all guests of one have `factor` times the budget of one guest. */
  readonly networks?: readonly RequesterNetwork[] | undefined;
  readonly origin?: TurnOrigin | undefined;
  readonly allowance?: Allowance | undefined;
}

/** What a process knows of open turns, and has in hand of budgets. */
interface Books {
  readonly open: OpenTurns;
  readonly prefetched: PrefetchedBudgets;
  readonly durations: RunDurations;
}

/** What of a chat decides what a turn in it needs. */
interface AskedChat {
  readonly bytes: number;
  /** Whose chat it is, if anyone's. */
  readonly user: string | undefined;
}

/** Whether one turn may begin, and what it is stored with. */
export interface QuotaReservation {
  /** Why it may not begin, as far as this process knows without asking the database: `too_many_turns`. */
  apiErrorIfFull(): ApiError | undefined;
  /**
   * Why it may not begin, in a chat of so many bytes with its message and of this user: `too_many_turns` or
   * `budget_exhausted`. Without a rejection what it needs is reserved, once, however often it is asked.
   */
  apiErrorFor(chat: AskedChat): Promise<ApiError | undefined>;
  /** What the turn is stored with. */
  readonly fields: Pick<NewTurn, 'spender' | 'origin' | 'reservations'>;
  /** Accepts the turn, and gives back what was reserved if it comes to none. */
  during(accept: () => Promise<AcceptedTurn>): Promise<AcceptedTurn>;
}

/**
 * Lets a turn begin within what its requesters may use. Only what has a bound costs anything.
 *
 * A budget is taken from before the model is called, all of them or none: the tokens of the history as it is
 * estimated, and those of a long answer. What the turn really used takes the place of that when it is counted. A
 * process that dies between this and the insert leaves the reservation standing until the day is over.
 */
export function reserveQuota(
  deps: TurnDeps,
  books: Books,
  scope: Scope,
  requestedBy: TurnRequester,
  opening: OpeningTurn,
): QuotaReservation {
  const { open, prefetched } = books;
  const { spender, origin, networks = [], allowance } = requestedBy;
  let reservations: Reservation[] = [];
  let isAdmitted = false;
  const bounds = boundsOf(deps, scope, requestedBy);

  async function admit({ bytes, user }: AskedChat): Promise<void> {
    await assertConcurrency(books, bounds, opening);
    const spenders = { key: spender?.key, user: scope.user ?? user, networks };
    const budgets = budgetsOf(scope, spenders, allowance?.tokensPerDay);
    try {
      reservations = await reserve(deps, prefetched, scope, budgets, tokensOf(deps, bytes));
    } catch (error) {
      open.withdraw(opening.turn);
      throw error;
    }
    isAdmitted = true;
  }

  return {
    apiErrorIfFull() {
      const full = bounds.find(({ subject, max }) => open.isFull(subject, max));
      return full && tooManyTurns(books, full);
    },

    async apiErrorFor(chat) {
      if (isAdmitted) return undefined;
      try {
        await admit(chat);
        return undefined;
      } catch (error) {
        if (error instanceof ApiError && isCrowd(error)) return error;
        throw error;
      }
    },

    get fields() {
      return {
        ...(spender && { spender }),
        ...(origin && { origin }),
        ...(reservations.length > 0 && { reservations }),
      };
    },

    async during(accept) {
      try {
        const accepted = await accept();
        if (!accepted.isReplay) open.settle(opening.turn);
        else {
          open.withdraw(opening.turn);
          await giveBack(deps, scope, reservations);
        }
        return accepted;
      } catch (error) {
        // With an answer's id it is unknown whether the turn was stored: if it was, what it holds is settled with it.
        const isUnknown = error instanceof ApiError && error.facts.messageId !== undefined;
        if (isUnknown) open.settle(opening.turn);
        else {
          open.withdraw(opening.turn);
          await giveBack(deps, scope, reservations);
        }
        throw error;
      }
    },
  };
}

function isCrowd({ code }: ApiError): boolean {
  return code === 'too_many_turns' || code === 'budget_exhausted';
}

/** A bound of unfinished turns. */
interface TurnBound {
  readonly subject: string;
  readonly max: number;
  /** How many of them run at a time: when one ends, there is room again. */
  readonly running: number;
  /** Counts the subject's unfinished turns in the database, to `max` at most. */
  readonly look: () => Promise<number>;
  readonly whose: string;
}

/** @throws ApiError `too_many_turns`; otherwise the turn is counted as open. */
async function assertConcurrency(
  books: Books,
  bounds: readonly TurnBound[],
  opening: OpeningTurn,
): Promise<void> {
  const { open } = books;
  open.add(
    opening,
    bounds.map(({ subject }) => subject),
  );
  try {
    for (const bound of bounds) {
      const { subject, max, look } = bound;
      if (!(await open.hasRoom(opening.turn, subject, max, look))) throw tooManyTurns(books, bound);
    }
  } catch (error) {
    open.withdraw(opening.turn);
    throw error;
  }
}

function tooManyTurns({ durations }: Books, { whose, max, running }: TurnBound): ApiError {
  return new ApiError('too_many_turns', {
    detail: `${whose} ${max} that are not answered yet.`,
    retryAfterSeconds: durations.secondsUntilFree(running),
  });
}

function boundsOf(
  { store, bounds }: TurnDeps,
  { team, user }: Scope,
  requestedBy: TurnRequester,
): TurnBound[] {
  const { origin, allowance } = requestedBy;
  const { user: maxOfUser, team: maxOfTeam } = allowance?.concurrentTurns ?? {};
  const found: TurnBound[] = [];
  const add = (subject: string, max: number, whose: string, look: TurnBound['look'], running = max) =>
    found.push({ subject, max, running, look, whose });
  if (maxOfUser !== undefined && user !== undefined) {
    const look = () => store.turns.countUnfinished({ team, user }, maxOfUser);
    add(userSubject({ team, user }), maxOfUser, 'This user has', look);
  }
  if (maxOfTeam !== undefined) {
    // Visitors must not be able to shut out the team's own servers.
    const max = origin?.isPrivileged === false ? maxOfTeam - Math.floor(maxOfTeam / 5) : maxOfTeam;
    add(team, max, 'Your team has', () => store.turns.countUnfinished({ team }, max));
  }
  if (origin?.isPrivileged === false) {
    for (const [width, network] of (origin.networks ?? []).entries()) {
      const factor = width === 0 ? 1 : limits.widerNetworkFactor;
      const running = bounds.runningPerAddressMax * factor;
      const max = running + bounds.waitingPerAddressMax * factor;
      const look = () => store.turns.countFromNetwork(network, 'unfinished', max);
      add(`network/${network}`, max, 'Callers from your network have', look, running);
    }
  }
  return found;
}

interface Budget {
  readonly subject: string;
  readonly max: number;
  readonly whose: string;
}

/** Takes the tokens from all budgets, or from none. */
async function reserve(
  deps: TurnDeps,
  prefetched: PrefetchedBudgets,
  scope: Scope,
  budgets: readonly Budget[],
  tokens: number,
): Promise<Reservation[]> {
  const now = new Date();
  const taken: Reservation[] = [];
  for (const { subject, max, whose } of budgets) {
    const reservation = { subject, day: utcDay(now), tokens };
    let isTaken = false;
    try {
      isTaken = await prefetched.reserve(scope, reservation, max);
    } finally {
      if (!isTaken) await giveBack(deps, scope, taken);
    }
    if (!isTaken) {
      throw new ApiError('budget_exhausted', {
        detail: `It is the budget of ${whose}: ${max} tokens a day.`,
        retryAfterSeconds: secondsLeftOfDay(now),
      });
    }
    taken.push(reservation);
  }
  return taken;
}

function budgetsOf(
  { team }: Scope,
  {
    key,
    user,
    networks,
  }: {
    readonly key: Spender['key'] | undefined;
    readonly user: string | undefined;
    readonly networks: readonly RequesterNetwork[];
  },
  max: Allowance['tokensPerDay'] = {},
): Budget[] {
  const budgets: Budget[] = (max.keys ?? []).map(({ key: subject, tokensPerDay }) => ({
    subject,
    max: tokensPerDay,
    whose: subject === key ? 'this key' : 'the key that issued this one',
  }));
  if (max.user !== undefined && user !== undefined) {
    budgets.push({ subject: userSubject({ team, user }), max: max.user, whose: 'this user' });
  }
  const { address } = max;
  if (address !== undefined) {
    for (const { name, factor } of networks) {
      const subject = `${team}/address/${name}`;
      budgets.push({ subject, max: address * factor, whose: 'all guests of your address' });
    }
  }
  if (max.team !== undefined) budgets.push({ subject: team, max: max.team, whose: 'your team' });
  return budgets;
}

/** What a turn is reckoned with before it runs: the history the model is given, and an answer of a good length. */
function tokensOf({ bounds }: TurnDeps, chatBytes: number): number {
  const read = Math.min(chatBytes, bounds.historyBytesMax);
  return tokensOfBytes(read) + limits.reservedAnswerTokens;
}

/** A user's id may be of any length, and says who they are. */
function userSubject({ team, user }: { team: Id<'team'>; user: string }): string {
  return `${team}/${createHash('sha256').update(user).digest('base64url').slice(0, 22)}`;
}

/** What cannot be given back stands until the day is over: too little is spent then, never too much. */
async function giveBack(
  { store, log }: TurnDeps,
  scope: Scope,
  reservations: readonly Reservation[],
): Promise<void> {
  if (reservations.length === 0) return;
  try {
    await store.budgets.giveBack(scope, reservations);
  } catch (error) {
    log('warn', 'a reservation could not be given back; it ends with the day', { error });
  }
}
