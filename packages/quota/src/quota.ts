import type { ApiError, Id } from '@parley/contract';
import type { ChatAccess, Idempotency, NewTurn, Reservation, Scope, Stores, SystemScope } from '@parley/db';
import { budgetsOf, giveBack, reserveInBudgets, tokensToReserve } from './budgets.ts';
import { countUsage, UncountedTurns } from './count-usage.ts';
import { OpenTurns, openingTurn } from './open-turns.ts';
import type { QuotaDeps } from './ports.ts';
import { PrefetchedBudgets } from './prefetched-budgets.ts';
import { assertConcurrency, tooManyTurns, turnBoundsOf } from './turn-bounds.ts';
import type { TurnRequester } from './turn-requester.ts';

/** A turn that is about to be stored, and its requester. */
export interface QuotaRequest {
  readonly turn: Id<'turn'>;
  readonly access: ChatAccess;
  readonly requestedBy: TurnRequester;
  readonly idempotency: Idempotency | undefined;
}

/** The reserved quota of a turn. Call exactly one of `commit` and `release`. */
export interface QuotaReservation {
  /** Fields to store with the turn: the usage of the ended turn replaces the reservation. */
  readonly fields: Pick<NewTurn, 'spender' | 'origin' | 'reservations'>;
  /** The turn is stored, or may be: it keeps the reservation until its usage is counted. */
  commit(): void;
  /** The turn is not stored, and its reservation is free again. Never rejects. */
  release(): Promise<void>;
}

/** A turn whose chat was deleted, and its usage. */
type DeletedTurn = Parameters<Stores['usage']['add']>[1];

/** Decides whether turns may begin, and counts their usage. There is one for each process. */
export interface Quota {
  /** The error of a turn that exceeds a bound, as far as this process knows without a query: `too_many_turns`. */
  apiErrorIfFull(scope: Scope, requestedBy: TurnRequester): ApiError | undefined;
  /**
   * Reserves what a turn may use in a chat of this many bytes, including its message: a place among the unfinished
   * turns, and tokens of every budget, all of them or none. Only a limit that is set costs a command.
   *
   * @throws ApiError `too_many_turns`, `budget_exhausted`, `database_unavailable`; nothing is reserved then
   */
  reserve(request: QuotaRequest, chatBytes: number): Promise<QuotaReservation>;
  /**
   * Notes that a turn has ended in this process: its place is free, and its usage is counted soon. False if the recovery
   * loop counts it, because too many turns wait to be counted.
   */
  turnEnded(turn: Id<'turn'>): boolean;
  /** Notes that a turn left this process without an end: it was deleted, or handed over. Its place is free. */
  turnLeft(turn: Id<'turn'>): void;
  /**
   * Counts the usage of a run whose turn was deleted meanwhile. It is tried once, because no mark can prevent a
   * second count. Never rejects.
   */
  countDeleted(scope: SystemScope, turn: DeletedTurn): Promise<void>;
  /** The number of turns that ended in this process and are not counted yet. */
  readonly uncounted: number;
  /** Counts usage in the background. When the signal aborts, it counts the rest and gives back prefetched budgets. */
  work(signal: AbortSignal): Promise<void>;
}

/** Creates the quota of one process. */
export function createQuota(deps: QuotaDeps): Quota {
  const { clock, store, log } = deps;
  const open = new OpenTurns(clock);
  const prefetched = new PrefetchedBudgets(deps);
  const uncounted = new UncountedTurns();

  return {
    apiErrorIfFull(scope, requestedBy) {
      const full = turnBoundsOf(deps, scope, requestedBy).find(({ subject, max }) =>
        open.isFull(subject, max),
      );
      return full && tooManyTurns(deps, full);
    },

    async reserve(request, chatBytes) {
      const { turn, access, requestedBy, idempotency } = request;
      const { scope, chat } = access;
      const opening = openingTurn(turn, chat.id, idempotency);
      await assertConcurrency(deps, open, turnBoundsOf(deps, scope, requestedBy), opening);
      const budgets = budgetsOf(scope, requestedBy, scope.user ?? chat.user);
      let reservations: Reservation[];
      try {
        const tokens = tokensToReserve(deps, chatBytes);
        reservations = await reserveInBudgets(deps, prefetched, scope, budgets, tokens);
      } catch (error) {
        open.withdraw(turn);
        throw error;
      }
      return {
        fields: fieldsOf(requestedBy, reservations),
        commit: () => open.settle(turn),
        async release() {
          open.withdraw(turn);
          await giveBack(deps, scope, reservations);
        },
      };
    },

    turnEnded(turn) {
      open.delete(turn);
      return uncounted.note(turn);
    },
    turnLeft: (turn) => open.delete(turn),

    async countDeleted(scope, turn) {
      try {
        await store.usage.add(scope, turn);
      } catch (error) {
        log('warn', 'the usage of a deleted turn could not be counted', { turn: turn.turn, error });
      }
    },

    get uncounted() {
      return uncounted.size;
    },
    work: (signal) => countUsage(deps, { uncounted, prefetched }, signal),
  };
}

function fieldsOf(
  { spender, origin }: TurnRequester,
  reservations: readonly Reservation[],
): QuotaReservation['fields'] {
  return {
    ...(spender && { spender }),
    ...(origin && { origin }),
    ...(reservations.length > 0 && { reservations }),
  };
}
