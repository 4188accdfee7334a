import type { ErrorCode } from '@parley/contract';
import type { AgentUsage } from './agent.ts';

export type ModelErrorCode = Extract<
  ErrorCode,
  'model_failed' | 'model_refused' | 'model_rate_limited' | 'model_timeout'
>;

interface ModelErrorFacts {
  /** How many HTTP calls of the model were made. */
  readonly calls: number;
  /** What those calls cost, as far as the model's server said. */
  readonly usage?: AgentUsage | undefined;
  /** What happened, for the log. It holds no key and none of the texts that were sent. */
  readonly cause: Error;
}

/** The model gave no answer, and trying again did not help or was not allowed. Its message holds no content. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code: ModelErrorCode;
  readonly calls: number;
  readonly usage: AgentUsage | undefined;

  constructor(code: ModelErrorCode, facts: ModelErrorFacts) {
    super(`${code} after ${facts.calls} ${facts.calls === 1 ? 'call' : 'calls'} of the model`, {
      cause: facts.cause,
    });
    this.code = code;
    this.calls = facts.calls;
    this.usage = facts.usage;
  }
}
