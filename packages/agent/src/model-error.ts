import type { AgentUsage, ModelUse } from './agent.ts';
import type { FailureFacts, ModelErrorCode } from './model/model-failure.ts';

/** The failures that last until an operator fixes the configuration. */
const FOR_OPERATORS: readonly ModelErrorCode[] = [
  'model_key_refused',
  'model_not_found',
  'model_unreachable',
];

interface ModelErrorFacts {
  /** The model that was called. */
  readonly model?: string | undefined;
  /** The provider, unless it is the default one. */
  readonly provider?: string | undefined;
  /** The number of HTTP calls of this model. */
  readonly calls: number;
  /** The usage of those calls, as far as the model's server reported it. */
  readonly usage?: AgentUsage | undefined;
  /** The usage of other models, which failed too. */
  readonly others?: readonly ModelUse[] | undefined;
  /** The wait that the model's server asks for. */
  readonly retryAfterMs?: number | undefined;
  /** The message of the model's server, for the log. */
  readonly facts?: FailureFacts | undefined;
  /** The failure, for the log. It contains no key and no text of the request. */
  readonly cause: Error;
}

/**
 * The model gave no answer, and a repeated call failed too or was not allowed. The error's message contains no
 * content.
 */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code: ModelErrorCode;
  readonly calls: number;
  readonly usage: AgentUsage | undefined;
  /** The usage of other models, which failed too. */
  readonly others: readonly ModelUse[];
  /** The name of the called model in usage records. */
  readonly model: string | undefined;
  /** The time at which the model's server accepts requests again, if the server named one. */
  readonly retryAt: Date | undefined;
  readonly #facts: ModelErrorFacts;

  constructor(code: ModelErrorCode, facts: ModelErrorFacts) {
    super(`${code} after ${facts.calls} ${facts.calls === 1 ? 'call' : 'calls'} of the model`, {
      cause: facts.cause,
    });
    this.code = code;
    this.calls = facts.calls;
    this.usage = facts.usage;
    this.others = facts.others ?? [];
    this.model = facts.model && nameOfModel(facts.model, facts.provider);
    this.retryAt = retryAtOf(facts);
    this.#facts = facts;
  }

  /** Whether the model stays unusable until an operator changes the key, the model's name or the address. */
  get needsOperator(): boolean {
    return FOR_OPERATORS.includes(this.code);
  }

  /** The reason for the missing answer, as fields of a log line. They contain no key and no text of the request. */
  get logFields() {
    const { provider, model, calls, retryAfterMs, facts, cause } = this.#facts;
    return { ...(provider && { provider }), model, calls, reason: cause.message, retryAfterMs, ...facts };
  }
}

/** The name of a model in usage records: with its provider, unless that is the default one. */
export function nameOfModel(model: string, provider: string | undefined): string {
  return provider === undefined ? model : `${provider}/${model}`;
}

/** A longer wait than this is ignored. */
const RETRY_AFTER_MAX_MS = 30 * 24 * 60 * 60 * 1000;

function retryAtOf({ retryAfterMs = 0 }: ModelErrorFacts): Date | undefined {
  const isUsable = retryAfterMs > 0 && retryAfterMs <= RETRY_AFTER_MAX_MS;
  return isUsable ? new Date(Date.now() + retryAfterMs) : undefined;
}
