import type { Scope } from '../scope.ts';

/** Tokens that are taken from a budget before a turn, until it is known how many it used. */
export interface Reservation {
  /** Whose budget: see `subjectOf`. */
  readonly subject: string;
  /** The day in UTC, as `2026-11-25`. */
  readonly day: string;
  readonly tokens: number;
}

/** What is left of budgets, day by day. Kept for some days. */
export interface BudgetStore {
  /**
   * Takes tokens from a budget of `tokensPerDay` unless it is spent: of any number of processes at most one takes
   * more than was left. False: nothing was taken.
   */
  reserve(scope: Scope, reservation: Reservation, tokensPerDay: number): Promise<boolean>;
  /** Gives back what was reserved for a turn that was not accepted. */
  giveBack(scope: Scope, reservations: readonly Reservation[]): Promise<void>;
}
