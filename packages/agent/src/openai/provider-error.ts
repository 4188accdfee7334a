/** An error as a model's server reports it, in a response or within an answer. */
export interface ProviderError {
  readonly status?: number | undefined;
  /** The server's own code, or its type if it gives none. */
  readonly code?: string | undefined;
  readonly type?: string | undefined;
  readonly message?: string | undefined;
  /** The field of the request that caused the error. */
  readonly param?: string | undefined;
}

/** The statuses that correspond to the codes and types of common servers, for errors without a status. */
const statusOfWord: Readonly<Record<string, number>> = {
  invalid_api_key: 401,
  api_key_invalid: 401,
  authentication_error: 401,
  unauthenticated: 401,
  unauthorized: 401,
  permission_denied: 403,
  permission_error: 403,
  model_not_found: 404,
  not_found_error: 404,
  not_found: 404,
  rate_limit_exceeded: 429,
  rate_limit_error: 429,
  resource_exhausted: 429,
  insufficient_quota: 429,
  invalid_request_error: 400,
  invalid_argument: 400,
  invalid_prompt: 400,
  context_length_exceeded: 400,
  exceed_context_size_error: 400,
  overloaded_error: 503,
  unavailable: 503,
};

/**
 * Parses an error in any of the common forms: OpenAI's object, the error alone, a text, or a list with an error in
 * it.
 */
export function readProviderError(reported: unknown): ProviderError {
  const value = errorIn(reported);
  if (typeof value === 'string') return { message: value };
  if (typeof value !== 'object' || value === null) return {};
  const fields = value as Record<string, unknown>;
  const type = wordOf(fields['type']) ?? wordOf(fields['status']);
  const code = wordOf(fields['code']) ?? type;
  const status = [fields['code'], fields['status'], fields['status_code']].map(toStatus).find(isDefined);
  return {
    status: status ?? statusOfWord[code?.toLowerCase() ?? ''] ?? statusOfWord[type?.toLowerCase() ?? ''],
    code,
    type,
    message: textOf(fields['message']) ?? textOf(fields['detail']),
    param: wordOf(fields['param']),
  };
}

/** The error within an envelope. */
function errorIn(value: unknown): unknown {
  if (Array.isArray(value)) return errorIn(value[0]);
  if (typeof value !== 'object' || value === null || !('error' in value)) return value;
  return value.error ? errorIn(value.error) : value;
}

/** A short code that may appear in a log. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,64}$/.test(value) && toStatus(value) === undefined
    ? value
    : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function toStatus(value: unknown): number | undefined {
  const status = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof status === 'number' && status >= 400 && status <= 599 ? Math.trunc(status) : undefined;
}

function isDefined(value: number | undefined): value is number {
  return value !== undefined;
}
