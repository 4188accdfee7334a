import type { ErrorCode } from '@parley/contract';

/** The codes of failed model calls. */
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

/** The change that makes the request acceptable to the server; only the adapter that made it reads it. */
export type Adaptation = readonly string[];

/** The reason why a call of the model gave no answer. */
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
  /** For the log; it contains no key and no text of the request. */
  readonly cause: Error;
}

/** The server's description of a failure, for the log. It contains no key and no text of the request. */
export interface FailureFacts {
  /** The HTTP status, or the status that an error within the answer names. */
  readonly status?: number | undefined;
  /** The server's own code. */
  readonly providerCode?: string | undefined;
  /** The server's own message. */
  readonly providerMessage?: string | undefined;
  /** The server's id of the request. */
  readonly providerRequestId?: string | undefined;
}
