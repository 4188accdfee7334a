import { type ErrorCode, nameOfStatus, Refusal, toEnvelope } from '@parley/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What Fastify itself refuses, in our words. */
const refusalsOfFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_ASYNC_CONSTRAINT: 'malformed_request',
};

/** The refusal to answer for whatever was thrown outside a procedure. */
export function refusalOfRequest(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const fastifyCode = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new Refusal(refusalsOfFastify[fastifyCode] ?? 'internal_error', { cause: error });
}

/** Answers a refusal in the one envelope, or in `body` where a door has a shape of its own around it. */
export function sendRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  body: object = toEnvelope(refusal, request.id),
): FastifyReply {
  request.refusal = refusal;
  // RFC 9110, section 15.5.2: a 401 names the scheme.
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', refusal.retryAfterSeconds);
  return reply
    .code(refusal.status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(body));
}

/** The envelope as raw HTTP/1.1, for a request so broken that there is nothing to reply to. */
export function rawRefusal(refusal: Refusal, requestId: string): string {
  const body = JSON.stringify(toEnvelope(refusal, requestId));
  return [
    `HTTP/1.1 ${refusal.status} ${nameOfStatus[refusal.status]}`,
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
    /** What the request was refused with, for the log. */
    refusal?: Refusal;
  }
}
