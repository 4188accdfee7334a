import { type ErrorCode, errorEntry, nameOfStatus, statusOf } from '@parley/contract';

/** The errors that every operation can answer. */
export const COMMON: readonly ErrorCode[] = [
  'malformed_request',
  'invalid_input',
  'unauthorized',
  'user_token_needed',
  'user_token_invalid',
  'user_token_expired',
  'user_signed_out',
  'user_blocked',
  'key_scope_missing',
  'key_origin_not_allowed',
  'secret_key_in_browser',
  'payload_too_large',
  'payload_too_complex',
  'rate_limited',
  'internal_error',
  'database_unavailable',
  'token_issuer_unavailable',
  'database_preparing',
];

const apiErrorReference = { $ref: '#/components/schemas/ApiError' };
/** The header that every documented response has. */
export const requestIdHeader = {
  'X-Request-Id': { description: 'The id of the request in the log.', schema: { type: 'string' as const } },
};
const retryAfterHeader = {
  'Retry-After': {
    description: 'Seconds to wait before the next attempt, if waiting helps.',
    schema: { type: 'integer' as const },
  },
};

/** The errors that have `Retry-After` if the model's server sent it. */
const OF_BUSY_MODELS: readonly ErrorCode[] = ['model_failed', 'model_rate_limited', 'model_timeout'];

type Responses = Record<string, unknown>;

/** Returns the error responses of an operation, by status. */
export function apiErrorResponses(codes: readonly ErrorCode[]): Responses {
  const byStatus = Map.groupBy(codes, statusOf);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, group]) => [status, apiErrorResponse(status, group)]),
  );
}

function apiErrorResponse(status: ReturnType<typeof statusOf>, codes: readonly ErrorCode[]) {
  const hasRetryAfter = codes.some(
    (code) => errorEntry(code).retryAfterSeconds !== undefined || OF_BUSY_MODELS.includes(code),
  );
  return {
    description: codes.map((code) => `\`${code}\`: ${errorEntry(code).when}`).join('\n\n'),
    headers: { ...requestIdHeader, ...(hasRetryAfter && retryAfterHeader) },
    content: {
      'application/json': {
        schema: apiErrorReference,
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(status, code) }])),
      },
    },
  };
}

function exampleOf(status: ReturnType<typeof statusOf>, code: ErrorCode) {
  return {
    error: nameOfStatus[status],
    message: errorEntry(code).message,
    code,
    requestId: 'req_01jd2m8x5qk3v7w9yb4t6r1znhce',
    ...(code === 'invalid_input' && {
      issues: [{ path: 'content', message: 'must have at least 1 character(s)' }],
    }),
  };
}

/** Returns the content of a response that is a stream of server-sent events. */
export function eventStream(description: string) {
  return { 'text/event-stream': { schema: { type: 'string' as const, description } } };
}
