import { ApiError, type ErrorCode, nameOfStatus, toEnvelope } from '@parley/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The error codes for requests that Fastify itself rejects. */
const apiErrorsOfFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_ASYNC_CONSTRAINT: 'malformed_request',
};

/** Returns the error to answer for an error outside a procedure. */
export function apiErrorOfRequest(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const fastifyCode = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new ApiError(apiErrorsOfFastify[fastifyCode] ?? 'internal_error', { cause: error });
}

/** Answers an error in the common form, or as `body` on routes with their own form. */
export function sendApiError(
  request: FastifyRequest,
  reply: FastifyReply,
  apiError: ApiError,
  body: object = toEnvelope(apiError, request.id),
): FastifyReply {
  request.apiError = apiError;
  // RFC 9110, section 15.5.2: a 401 names the scheme.
  if (apiError.status === 401) reply.header('www-authenticate', 'Bearer');
  if (apiError.retryAfterSeconds !== undefined) reply.header('retry-after', apiError.retryAfterSeconds);
  return reply
    .code(apiError.status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(body));
}

/** Returns an error as raw HTTP/1.1, for a connection whose request could not be parsed. */
export function rawApiError(apiError: ApiError, requestId: string): string {
  const body = JSON.stringify(toEnvelope(apiError, requestId));
  return [
    `HTTP/1.1 ${apiError.status} ${nameOfStatus[apiError.status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The error of the response, for the log. */
    apiError?: ApiError;
  }
}
