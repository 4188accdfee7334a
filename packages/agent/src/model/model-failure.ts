import type { ErrorCode } from '@parley/contract';

/** The codes of answers that a model did not give. */
export type ModelErrorCode = Extract<
  ErrorCode,
  | 'model_failed'
  | 'model_refused'
  | 'model_key_refused'
  | 'model_not_found'
  | 'model_unreachable'
  | 'model_rate_limited'
  | 'model_timeout'
>;

/** How a request must differ to be taken by the server; only the adapter that made it reads it. */
export type Adaptation = readonly string[];

/** Why a call of the model gave no answer. */
export interface ModelFailure {
  readonly code: ModelErrorCode;
  /**
   * Whether the same request may succeed: `later`, after a pause; `now`, at once, with `adaptation`; or `never`.
   */
  readonly retry: 'now' | 'later' | 'never';
  /** How long the server asks to wait before the next call. */
  readonly retryAfterMs?: number | undefined;
  readonly adaptation?: Adaptation | undefined;
  /** The message of the server, if it sent one. */
  readonly facts?: FailureFacts | undefined;
  /** For the log; it holds no key and none of the texts that were sent. */
  readonly cause: Error;
}

/** The server's account of a failure, for the log. It has no key and no text that was sent. */
export interface FailureFacts {
  /** The HTTP status, or the one that the error in an answer names. */
  readonly status?: number | undefined;
  /** The server's own code. */
  readonly providerCode?: string | undefined;
  /** The server's own sentence. */
  readonly providerMessage?: string | undefined;
  /** The server's name for the request. */
  readonly providerRequestId?: string | undefined;
}
