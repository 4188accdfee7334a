import type { OperationName } from './operation-name.ts';
import type { RoundTimes } from './run-tasks.ts';

/** A server to put load on. */
export interface Target {
  readonly url: string;
  readonly key: string;
  readonly agentId: string;
}

/** The operations of one round. */
export interface Load {
  readonly operation: OperationName;
  readonly concurrency: number;
  /** How many requests, at least: every worker gets as many as every other. */
  readonly count: number;
  /** The chats it works on, where they were not made through the target's own transport. */
  readonly chats?: readonly string[];
}

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** Asks for the answer as it comes. What is timed is the first token then, beyond the model's own time. */
  readonly isStreamed?: true;
  /** @throws Error when the answer is not the right one */
  check(answer: unknown): void;
}

/** Calls that follow each other: each waits for the answer to the one before. */
type Task = readonly Call[];

export interface Round {
  readonly tasks: readonly Task[];
  /** How it is done, where it is more than tasks. */
  readonly run?: () => Promise<RoundTimes>;
  /** The workers begin one after the other within this time, instead of all at once. */
  readonly spreadMs?: number;
  /** Shows, when all is done, that nothing was lost on the way to the database. It is not measured. */
  readonly afterwards?: () => Task[];
}
