import type { OperationName } from './operation-name.ts';

/** A server to put load on. */
export interface Target {
  readonly url: string;
  readonly key: string;
  readonly agentId: string;
}

/** What is to be done in one round. */
export interface Load {
  readonly operation: OperationName;
  readonly concurrency: number;
  /** How many requests, at least: every worker gets as many as every other. */
  readonly count: number;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** @throws Error when the answer is not the right one */
  check(answer: unknown): void;
}

/** Calls that follow each other: each waits for the answer to the one before. */
export type Task = readonly Call[];
