import type { Id } from '@parley/contract';
import type { Reservation } from '../budget/budget-port.ts';

export interface UsageRecord {
  readonly attempt: number;
  readonly model: string;
  readonly calls: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** The model's server did not tell it: the answer was stopped, or the server never does. */
  readonly isEstimated?: boolean;
}

/** Who asked for a turn. */
export interface Spender {
  /** The lineage of their key. */
  readonly key: Id<'key'>;
  /** The user they are bound to. */
  readonly user?: string;
}

/** For whom an ended turn is counted, beside its team and its spender. */
export interface Account {
  readonly agent: Id<'agent'>;
  /** The user of its chat. */
  readonly user?: string;
  /** The day of its end, in UTC. */
  readonly day: string;
}

/** What a turn used that is not there any more: its chat was deleted while it ran. */
export interface GoneTurn {
  readonly turn: Id<'turn'>;
  readonly spender?: Spender;
  readonly reservations?: readonly Reservation[];
  readonly account: Account;
  readonly usage: UsageRecord;
}

/** What usage can be summed up by. */
export type UsageGroup = 'day' | 'agent' | 'user' | 'key' | 'model';

export interface UsageQuery {
  /** The first and the last day. */
  readonly from: string;
  readonly to: string;
  readonly groupBy: UsageGroup;
}

/** What one of a group used; `name` is empty for what has none (turns without a user, say). */
export interface UsageSum {
  readonly name: string;
  readonly turns: number;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}
