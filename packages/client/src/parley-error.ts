import type { ErrorCode, RefusalEnvelope } from '@parley/contract';
import { TRPCClientError } from '@trpc/client';

/** Which field of a request was refused, and what it must be. */
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

/** What went wrong, as an app shows it and decides by it. Its `message` is a sentence for a person, in English. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  /**
   * The server's registered code; `network` when no answer of Parley came (no connection, no answer in time, a
   * gateway's error page); `unknown` for everything else.
   */
  readonly code: ErrorCode | 'network' | 'unknown';
  /** Names the request in the server's log. */
  readonly requestId: string | undefined;
  /** After how many milliseconds (60,000 at most) trying again makes sense, where the server said so. */
  readonly retryAfterMs: number | undefined;
  /** With `invalid_input`: each field and what it must be. */
  readonly issues: readonly FieldIssue[] | undefined;
  /** The answer's id, when the message was accepted before this happened. */
  readonly messageId: string | undefined;
  /** The HTTP status, when there was an answer. */
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

/** No connection, or no answer in time. */
export function networkError(cause?: unknown, facts: ParleyErrorFacts = {}): ParleyError {
  return new ParleyError('network', 'The server cannot be reached. Check the connection.', {
    ...facts,
    cause,
  });
}

/** The source of the key, or of the user's token, gave none. */
export class CredentialMissing extends Error {
  override readonly name = 'CredentialMissing';
  readonly code: 'unauthorized' | 'user_token_needed';

  constructor(code: CredentialMissing['code'], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.code = code;
  }
}

/** An answer that is no JSON: somebody else's, on the way. */
export class ForeignAnswer extends Error {
  override readonly name = 'ForeignAnswer';
  readonly response: Response;

  constructor(response: Response) {
    super(`The server answered ${response.status} with something that is not Parley's.`);
    this.response = response;
  }
}

/** Statuses with which gateways say that nobody answered, or that it is too much for now. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** Statuses after which the same request may succeed. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([429, 500, 503]);

/** A server's clock or a proxy's whim must not stop a client for long. */
const RETRY_AFTER_MAX_MS = 60_000;

/** The typed error of whatever a call of `parley.trpc` or a hook threw. Never throws; one passes unchanged. */
export function toParleyError(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error;
  return error instanceof TRPCClientError ? ofTrpc(error) : ofOther(error, error);
}

/** Whether the same request may succeed later, unchanged: by itself, or after `retryAfterMs`. */
export function isRetryable({ code, status, retryAfterMs }: ParleyError): boolean {
  if (code === 'network' || retryAfterMs !== undefined) return true;
  return status !== undefined && PASSING_STATUSES.has(status);
}

function ofTrpc(error: TRPCClientError<never>): ParleyError {
  const response = responseOf(error);
  const retryAfterMs = retryAfterOf(response);
  const refusal = refusalOf(error);
  if (refusal) {
    const { code, message, requestId, issues, messageId } = refusal;
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
  // tRPC puts the event with which an event source fails where a refusal would stand.
  if (!response) return ofOther(error.cause ?? error.shape ?? error, error);
  const { status } = response;
  if (GATEWAY_STATUSES.has(status)) return networkError(error, { status, retryAfterMs });
  return new ParleyError('unknown', error.message, { status, cause: error });
}

/** No answer came, or one that cannot be read. */
function ofOther(cause: unknown, error: unknown): ParleyError {
  if (cause instanceof CredentialMissing) {
    if (cause.cause instanceof ParleyError) return cause.cause;
    if (isOfNetwork(cause.cause) || saysNetwork(cause.cause)) return networkError(error);
    return new ParleyError(cause.code, cause.message, { cause: error });
  }
  if (isOfNetwork(cause)) return networkError(error);
  if (isStreamFailure(cause)) return networkError(error, { status: cause.code });
  return new ParleyError('unknown', error instanceof Error ? error.message : String(error), { cause: error });
}

/** `fetch` without a connection, a body that broke off, a time limit. */
function isOfNetwork(error: unknown): boolean {
  return error instanceof Error && (error instanceof TypeError || error.name === 'TimeoutError');
}

/** An app's own error, with our code for this. */
function saysNetwork(error: unknown): boolean {
  return isRecord(error) && error['code'] === 'network';
}

/** An event source fails with an event, not an error. */
function isStreamFailure(cause: unknown): cause is Event & { readonly code: number | undefined } {
  return typeof Event !== 'undefined' && cause instanceof Event && 'code' in cause;
}

/** Of a batch, every call has the response of all. */
function responseOf({ meta, cause }: TRPCClientError<never>): Response | undefined {
  if (cause instanceof ForeignAnswer) return cause.response;
  const response = meta?.['response'];
  return response instanceof Response ? response : undefined;
}

function retryAfterOf(response: Response | undefined): number | undefined {
  const text = response?.headers.get('retry-after');
  if (!text || !/^\d{1,9}$/.test(text)) return undefined;
  return Math.min(Number(text) * 1_000, RETRY_AFTER_MAX_MS);
}

function refusalOf({ data }: { readonly data: unknown }): RefusalEnvelope | undefined {
  if (!isRecord(data)) return undefined;
  const { refusal } = data;
  return isRecord(refusal) && typeof refusal['code'] === 'string' ? (refusal as RefusalEnvelope) : undefined;
}

function statusOf({ data }: { readonly data: unknown }): number | undefined {
  const status = isRecord(data) ? data['httpStatus'] : undefined;
  return typeof status === 'number' ? status : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
