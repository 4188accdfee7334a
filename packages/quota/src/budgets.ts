import { tokensOfBytes } from '@parley/agent';
import { ApiError, limits, utcDay } from '@parley/contract';
import type { Reservation, Scope } from '@parley/db';
import type { QuotaDeps } from './ports.ts';
import type { PrefetchedBudgets } from './prefetched-budgets.ts';
import { secondsLeftOfDay } from './seconds-left-of-day.ts';
import type { TurnRequester } from './turn-requester.ts';
import { userSubject } from './user-subject.ts';

/** A budget of tokens a day. */
export interface Budget {
  readonly subject: string;
  readonly max: number;
  readonly whose: string;
}

const WHOSE_NETWORK = {
  sender: 'all guests of your address',
  creator: 'all guests of the address at which you became a guest',
} as const;

/** The budgets that pay for a turn of this requester in a chat of this user. */
export function budgetsOf(
  { team }: Scope,
  { spender, networks = [], allowance }: TurnRequester,
  user: string | undefined,
): Budget[] {
  const max = allowance?.tokensPerDay ?? {};
  const budgets: Budget[] = (max.keys ?? []).map(({ key: subject, tokensPerDay }) => ({
    subject,
    max: tokensPerDay,
    whose: subject === spender?.key ? 'this key' : 'the key that issued this one',
  }));
  if (max.user !== undefined && user !== undefined) {
    budgets.push({ subject: userSubject({ team, user }), max: max.user, whose: 'this user' });
  }
  const { address } = max;
  if (address !== undefined) {
    for (const { name, factor, role } of networks) {
      const subject = `${team}/address/${name}`;
      budgets.push({ subject, max: address * factor, whose: WHOSE_NETWORK[role] });
    }
  }
  if (max.team !== undefined) budgets.push({ subject: team, max: max.team, whose: 'your team' });
  return budgets;
}

/** The tokens reserved for a turn before it runs: those of the history it reads, and of a long answer. */
export function tokensToReserve({ bounds }: Pick<QuotaDeps, 'bounds'>, chatBytes: number): number {
  return tokensOfBytes(Math.min(chatBytes, bounds.historyBytesMax)) + limits.reservedAnswerTokens;
}

/**
 * Reserves the tokens in all budgets, or in none.
 *
 * @throws ApiError `budget_exhausted`, `database_unavailable`
 */
export async function reserveInBudgets(
  deps: QuotaDeps,
  prefetched: PrefetchedBudgets,
  scope: Scope,
  budgets: readonly Budget[],
  tokens: number,
): Promise<Reservation[]> {
  const now = new Date();
  const reservations: Reservation[] = [];
  for (const { subject, max, whose } of budgets) {
    const reservation = { subject, day: utcDay(now), tokens };
    let isReserved = false;
    try {
      isReserved = await prefetched.reserve(scope, reservation, max);
    } finally {
      if (!isReserved) await giveBack(deps, scope, reservations);
    }
    if (!isReserved) {
      throw new ApiError('budget_exhausted', {
        detail: `It is the budget of ${whose}: ${max} tokens a day.`,
        retryAfterSeconds: secondsLeftOfDay(now),
      });
    }
    reservations.push(reservation);
  }
  return reservations;
}

/** Never rejects: a reservation that cannot be given back ends with the day. Then less can be used, never more. */
export async function giveBack(
  { store, log }: Pick<QuotaDeps, 'store' | 'log'>,
  scope: Scope,
  reservations: readonly Reservation[],
): Promise<void> {
  if (reservations.length === 0) return;
  try {
    await store.budgets.giveBack(scope, reservations);
  } catch (error) {
    log('warn', 'could not give back a reservation; it ends with the day', { error });
  }
}
