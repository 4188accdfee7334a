import { describe, expect, test } from 'vitest';
import { errorCodeSchema, errorCodes, errorEntry, nameOfStatus, statusOf } from './error-codes.ts';

describe('the error register', () => {
  test.each(errorCodes)('%s has a message and an explanation in complete sentences', (code) => {
    const { message, when } = errorEntry(code);
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    for (const text of [message, when]) {
      expect(text).toMatch(/^[A-Z`].*[.?]$/s);
      expect(text.length).toBeLessThan(300);
    }
  });

  test.each(errorCodes)('%s has an HTTP status with a name', (code) => {
    expect(statusOf(code)).toBeGreaterThanOrEqual(400);
    expect(nameOfStatus[statusOf(code)]).toMatch(/^[A-Z][A-Za-z ]+$/);
    expect(errorCodeSchema.parse(code)).toBe(code);
  });

  test.each(['model_key_refused', 'model_not_found', 'model_unreachable'] as const)(
    '%s says that its operator has to act',
    (code) => {
      expect(errorEntry(code).message).toMatch(/operator/);
    },
  );

  test('gives every 503 code a `Retry-After` time', () => {
    for (const code of errorCodes.filter((one) => statusOf(one) === 503)) {
      expect(errorEntry(code).retryAfterSeconds).toBeGreaterThan(0);
    }
  });
});

test('keeps every published code at its published status', () => {
  expect(Object.fromEntries(errorCodes.map((code) => [code, statusOf(code)]))).toMatchObject({
    invalid_input: 400,
    malformed_request: 400,
    invalid_cursor: 400,
    unauthorized: 401,
    chat_not_found: 404,
    agent_not_found: 404,
    route_not_found: 404,
    method_not_allowed: 405,
    message_not_found: 404,
    file_in_use: 409,
    file_not_accepted: 400,
    file_not_found: 404,
    file_storage_full: 409,
    file_type_not_supported: 400,
    too_many_unsent_files: 409,
    chat_full: 409,
    chat_busy: 409,
    not_retryable: 409,
    not_rateable: 409,
    queue_full: 409,
    request_timeout: 408,
    payload_too_large: 413,
    payload_too_complex: 413,
    unsupported_media_type: 415,
    idempotency_key_reused: 422,
    internal_error: 500,
    model_failed: 502,
    model_refused: 502,
    model_key_refused: 502,
    model_not_found: 502,
    model_unreachable: 502,
    model_rate_limited: 502,
    interrupted: 502,
    model_timeout: 504,
    answer_pending: 504,
    model_not_configured: 503,
    model_loading: 503,
    database_unavailable: 503,
    answer_restarted: 503,
    draining: 503,
  });
});
