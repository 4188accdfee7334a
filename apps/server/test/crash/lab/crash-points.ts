import type { Id } from '@parley/contract';
import type { Database } from '@parley/db';

/** The points in a turn at which faults occur. The model holds the turn at `in-stream`. */
export const points = ['before-accept', 'after-accept', 'in-stream', 'before-end', 'after-end'] as const;

export type Point = (typeof points)[number];

/** The messages of the parent to the server under test. */
export type Order =
  /** Hold the call that reaches this point after `passes` others, until `proceed`. */
  | { readonly kind: 'arm'; readonly point: Point; readonly passes: number }
  | { readonly kind: 'proceed' }
  | ExpireOrder;

/** Delete the chats of this agent that have been idle since `at`, as retention does. */
export interface ExpireOrder {
  readonly kind: 'expire';
  readonly team: Id<'team'>;
  readonly agent: Id<'agent'>;
  readonly at: number;
  /** The pause between the judgement and the deletions, as in a long run of the job. */
  readonly pauseMs: number;
}

/** The messages of the server under test to its parent. */
export type Report =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'held' }
  /** The order to expire the chats of this agent was executed, perhaps without effect. */
  | { readonly kind: 'expired'; readonly agent: Id<'agent'>; readonly isComplete: boolean }
  /** A line of its log that reports a bug. */
  | { readonly kind: 'trouble'; readonly line: string }
  | { readonly kind: 'stopping' };

/**
 * The crash points of one server, as its stores: a call that reaches an armed point is reported and waits until the
 * parent lets it proceed, which may never happen.
 */
export class CrashPoints {
  readonly #report: (report: Report) => void;
  #armed: { point: Point; passes: number } | undefined;
  #gate = Promise.withResolvers<void>();

  constructor(report: (report: Report) => void) {
    this.#report = report;
  }

  obey(order: Exclude<Order, ExpireOrder>): void {
    this.#gate.resolve();
    this.#gate = Promise.withResolvers();
    this.#armed = order.kind === 'arm' ? { point: order.point, passes: order.passes } : undefined;
  }

  wrap(database: Database): Database {
    const { turns } = database.stores;
    return {
      ...database,
      stores: {
        ...database.stores,
        turns: {
          ...turns,
          insert: async (...args) => {
            await this.#pass('before-accept');
            const result = await turns.insert(...args);
            if (result === 'inserted') await this.#pass('after-accept');
            return result;
          },
          end: async (...args) => {
            await this.#pass('before-end');
            const ended = await turns.end(...args);
            if (ended.result === 'ended') await this.#pass('after-end');
            return ended;
          },
        },
      },
    };
  }

  async #pass(point: Point): Promise<void> {
    if (this.#armed?.point !== point || this.#armed.passes-- > 0) return;
    this.#armed = undefined;
    this.#report({ kind: 'held' });
    await this.#gate.promise;
  }
}
