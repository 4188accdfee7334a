import { ApiError } from '@parley/contract';
import type { QuotaReservation } from '@parley/quota';
import type { TurnOwner } from '../run/schedule/turn-owner.ts';
import type { AcceptedTurn } from './accepted-turn.ts';
import type { AcceptDeps } from './insert-turn.ts';

/** @throws ApiError while this process accepts no turn: `draining`, or the reason why no model can be called */
export function assertAccepting({ runner, checkModel }: AcceptDeps): void {
  if (runner.isDraining) throw new ApiError('draining');
  checkModel();
}

/** The error when a turn of this owner can neither start nor wait in this process. */
export function apiErrorOfLoad(deps: AcceptDeps, owner: TurnOwner): ApiError | undefined {
  return deps.runner.queue.isOverloaded(owner) ? overloaded(deps) : undefined;
}

/** The rejection of a turn when all places of this process are taken. */
export function overloaded({ runner, durations }: AcceptDeps): ApiError {
  const retryAfterSeconds = durations.secondsUntilFree(runner.queue.running);
  return new ApiError('overloaded', { retryAfterSeconds });
}

/** Accepts a turn. Releases its reservation unless the turn is stored or may be stored. */
export async function acceptReserved(
  reservation: QuotaReservation,
  accept: () => Promise<AcceptedTurn>,
): Promise<AcceptedTurn> {
  let mayBeStored = false;
  try {
    const accepted = await accept();
    mayBeStored = !accepted.isReplay;
    return accepted;
  } catch (error) {
    // An error with the answer's id says that the outcome of the insert is unknown.
    mayBeStored = error instanceof ApiError && error.facts.messageId !== undefined;
    throw error;
  } finally {
    if (mayBeStored) reservation.commit();
    else await reservation.release();
  }
}
