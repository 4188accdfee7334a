import type { Id } from '@parley/contract';
import type { Reservation } from '../budget/budget-port.ts';

/** The calls and tokens of one run of a turn. Absent counts are unknown and count as 0. */
export interface UsageRecord {
  readonly attempt: number;
  readonly model: string;
  readonly calls: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** The model's server did not report the counts: the answer was stopped, or the server never reports them. */
  readonly isEstimated?: boolean;
}

/** The key and user whose budgets pay for a turn. */
export interface Spender {
  /** The family of the key. */
  readonly key: Id<'key'>;
  /** The user that the caller is bound to. */
  readonly user?: string;
}

/** The usage row that an ended turn belongs to, beside its team and its spender. */
export interface Account {
  readonly agent: Id<'agent'>;
  /** The user of the chat. */
  readonly user?: string;
  /** The day of the end in UTC, such as `2026-11-25`. */
  readonly day: string;
}

/** The usage of a turn whose chat was deleted while it ran. */
export interface DeletedTurn {
  readonly turn: Id<'turn'>;
  readonly spender?: Spender;
  readonly reservations?: readonly Reservation[];
  readonly account: Account;
  readonly usage: readonly UsageRecord[];
}

/** An ended turn whose usage is not counted. */
export interface UncountedTurn {
  readonly id: Id<'turn'>;
  readonly team: Id<'team'>;
  readonly chat: Id<'chat'>;
  readonly sequence: number;
  readonly endedAt: Date;
}

/** A field that usage is summed by. */
export type UsageGroup = 'day' | 'agent' | 'agentVersion' | 'user' | 'key' | 'model';

/** Selects usage by days, such as `2026-11-25`, and the field to sum it by. Both days are included. */
export interface UsageQuery {
  /** The first and the last day. */
  readonly from: string;
  readonly to: string;
  readonly groupBy: UsageGroup;
}

/**
 * The usage of one value of the group. `name` is empty for turns without a value, such as turns without a user. The name of
 * an agent's version is written by `versionName`.
 */
export interface UsageSum {
  readonly name: string;
  readonly turns: number;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The number of ratings of the answers. Only in sums by an agent's version. */
  readonly feedback?: { readonly up: number; readonly down: number };
}
