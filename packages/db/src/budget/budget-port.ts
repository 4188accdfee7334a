import type { Scope } from '../scope.ts';

/** Tokens that are reserved from a budget before a turn. Its usage replaces them afterwards. */
export interface Reservation {
  /** The key, user or team of the budget: see `subjectOf`. */
  readonly subject: string;
  /** The day in UTC, as `2026-11-25`. */
  readonly day: string;
  readonly tokens: number;
}

/** The budgets of keys, users and teams, by day. A budget is stored for some days. */
export interface BudgetStore {
  /**
   * Reserves tokens from a budget of `tokensPerDay`, unless it is used up. Of any number of processes at most one reserves
   * more than was left. False if nothing was reserved.
   */
  reserve(scope: Scope, reservation: Reservation, tokensPerDay: number): Promise<boolean>;
  /** Gives back the reservations of a turn that was not accepted. */
  giveBack(scope: Scope, reservations: readonly Reservation[]): Promise<void>;
}
