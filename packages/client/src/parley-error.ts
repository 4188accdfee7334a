import type { ErrorCode, ErrorEnvelope } from '@parley/contract';
import { TRPCClientError } from '@trpc/client';

/** An invalid field of a request, and what it must be. */
export interface FieldIssue {
  readonly path: string;
  readonly message: string;
}

interface ParleyErrorFacts {
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly issues?: readonly FieldIssue[] | undefined;
  readonly messageId?: string | undefined;
  readonly status?: number | undefined;
  readonly cause?: unknown;
}

/**
 * The error of a failed call. Its `message` is an English sentence for people; use `code` to decide what to
 * do.
 */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  /**
   * The server's error code. `network` if Parley did not respond (no connection, a timeout, a gateway's error
   * page), `unknown` for everything else.
   */
  readonly code: ErrorCode | 'network' | 'unknown';
  /** The id of the request in the server's log. */
  readonly requestId: string | undefined;
  /** The milliseconds (at most 60,000) after which a retry can succeed, if the server named a time. */
  readonly retryAfterMs: number | undefined;
  /** With `invalid_input`: each invalid field, and what it must be. */
  readonly issues: readonly FieldIssue[] | undefined;
  /** The id of the answer, if the message was accepted before the error. */
  readonly messageId: string | undefined;
  /** The HTTP status, if there was a response. */
  readonly status: number | undefined;

  constructor(code: ParleyError['code'], message: string, facts: ParleyErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
    this.issues = facts.issues;
    this.messageId = facts.messageId;
    this.status = facts.status;
  }
}

/** Creates the error for a missing connection or a timeout. */
export function networkError(cause?: unknown, facts: ParleyErrorFacts = {}): ParleyError {
  return new ParleyError('network', 'The server cannot be reached. Check the connection.', {
    ...facts,
    cause,
  });
}

/** The source of the API key or the user token failed or returned nothing. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
  readonly code: 'unauthorized' | 'user_token_needed';

  constructor(code: CredentialError['code'], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.code = code;
  }
}

/** A response that is not JSON: it comes from a proxy or another server. */
export class ForeignResponse extends Error {
  override readonly name = 'ForeignResponse';
  readonly response: Response;

  constructor(response: Response) {
    super(`The server answered ${response.status} with a response that is not Parley's.`);
    this.response = response;
  }
}

/** Statuses of gateways whose server is unreachable or overloaded. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** Statuses after which a retry can succeed. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([429, 500, 503]);

/** Protects the client from a wrong clock or an excessive `Retry-After`. */
const RETRY_AFTER_MAX_MS = 60_000;

/**
 * Converts anything that a call or a hook threw to a ParleyError. A ParleyError is returned unchanged. Never
 * throws.
 */
export function toParleyError(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error;
  return error instanceof TRPCClientError ? fromTrpcError(error) : fromOtherError(error, error);
}

/** Checks whether the same request can succeed later, at once or after `retryAfterMs`. */
export function isRetryable({ code, status, retryAfterMs }: ParleyError): boolean {
  if (code === 'network' || retryAfterMs !== undefined) return true;
  return status !== undefined && TRANSIENT_STATUSES.has(status);
}

function fromTrpcError(error: TRPCClientError<never>): ParleyError {
  const response = responseOf(error);
  const retryAfterMs = retryAfterOf(response);
  const apiError = envelopeOfErrorData(error.data);
  if (apiError) {
    const { code, message, requestId, issues, messageId } = apiError;
    const status = statusOf(error) ?? response?.status;
    return new ParleyError(code, message, {
      requestId,
      retryAfterMs,
      issues,
      messageId,
      status,
      cause: error,
    });
  }
  // For a failed event source, tRPC stores the `Event` in place of the error's data.
  if (!response) return fromOtherError(error.cause ?? error.shape ?? error, error);
  const { status } = response;
  if (GATEWAY_STATUSES.has(status)) return networkError(error, { status, retryAfterMs });
  return new ParleyError('unknown', error.message, { status, cause: error });
}

/** Converts an error without a readable response. */
function fromOtherError(cause: unknown, error: unknown): ParleyError {
  if (cause instanceof CredentialError) {
    if (cause.cause instanceof ParleyError) return cause.cause;
    if (isNetworkError(cause.cause) || hasNetworkCode(cause.cause)) return networkError(error);
    return new ParleyError(cause.code, cause.message, { cause: error });
  }
  if (isNetworkError(cause)) return networkError(error);
  if (isStreamFailure(cause)) return networkError(error, { status: cause.code });
  return new ParleyError('unknown', error instanceof Error ? error.message : String(error), { cause: error });
}

/** Checks for errors of `fetch`: no connection, an interrupted body or a timeout. */
function isNetworkError(error: unknown): boolean {
  return error instanceof Error && (error instanceof TypeError || error.name === 'TimeoutError');
}

/** Checks for an error of the app with our code for network failures. */
function hasNetworkCode(error: unknown): boolean {
  return isRecord(error) && error['code'] === 'network';
}

/** An event source fails with an `Event`, not with an `Error`. */
function isStreamFailure(cause: unknown): cause is Event & { readonly code: number | undefined } {
  return typeof Event !== 'undefined' && cause instanceof Event && 'code' in cause;
}

/** All calls of a batch share one response. */
function responseOf({ meta, cause }: TRPCClientError<never>): Response | undefined {
  if (cause instanceof ForeignResponse) return cause.response;
  const response = meta?.['response'];
  return response instanceof Response ? response : undefined;
}

/** The milliseconds of the header `Retry-After`, at most 60,000. */
export function retryAfterOf(response: Response | undefined): number | undefined {
  const text = response?.headers.get('retry-after');
  if (!text || !/^\d{1,9}$/.test(text)) return undefined;
  return Math.min(Number(text) * 1_000, RETRY_AFTER_MAX_MS);
}

/** The envelope in the `data` of a tRPC error. Servers of release 0.1.0 call it `refusal`. */
export function envelopeOfErrorData(data: unknown): ErrorEnvelope | undefined {
  if (!isRecord(data)) return undefined;
  const envelope = data['apiError'] ?? data['refusal'];
  return isRecord(envelope) && typeof envelope['code'] === 'string' ? (envelope as ErrorEnvelope) : undefined;
}

function statusOf({ data }: { readonly data: unknown }): number | undefined {
  const status = isRecord(data) ? data['httpStatus'] : undefined;
  return typeof status === 'number' ? status : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
