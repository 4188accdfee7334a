import { createHash } from 'node:crypto';
import { ApiError, limits } from '@parley/contract';
import type { Idempotency } from '@parley/db';
import type { Caller } from './caller.ts';

/** The form of the header (draft-ietf-httpapi-idempotency-key-header): an opaque text of visible ASCII characters. */
export const idempotencyKeyForm = new RegExp(`^[\\x21-\\x7e]{1,${limits.idempotencyKeyLengthMax}}$`);

/** `wait` is not part of the request's identity: a retry may wait where the first request did not. */
const DELIVERY_FIELDS: ReadonlySet<string> = new Set(['wait']);

/** The maximum depth of any accepted input, and more. */
const DEPTH_MAX = 16;

/**
 * Returns the hashes that identify a repeated request. They contain the caller's key family, so a rolled key can
 * repeat requests of the old one, and the same header of another caller is another request.
 *
 * @throws ApiError `invalid_input` if the header is empty, too long or not visible ASCII
 */
export function toIdempotency(
  caller: Caller,
  procedure: string,
  idempotencyKey: string,
  input: unknown,
): Idempotency {
  if (!idempotencyKeyForm.test(idempotencyKey)) {
    const message = `must have 1 to ${limits.idempotencyKeyLengthMax} visible ASCII characters`;
    throw new ApiError('invalid_input', { issues: [{ path: 'Idempotency-Key', message }] });
  }
  // Users of the same key are different callers.
  const { user } = caller.scope;
  const body = typeof input === 'object' && input !== null ? withoutDelivery(input) : input;
  return {
    key: hashOf([caller.familyId, procedure, idempotencyKey, ...(user === undefined ? [] : [user])]),
    body: hashOf(canonical(body, 0)),
  };
}

function withoutDelivery(input: object): object {
  return Object.fromEntries(Object.entries(input).filter(([name]) => !DELIVERY_FIELDS.has(name)));
}

/** Returns the value with its fields in a fixed order. Values below the maximum depth are ignored. */
function canonical(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return null;
  if (Array.isArray(value)) return value.map((item) => canonical(item, depth + 1));
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, inner]) => [name, canonical(inner, depth + 1)]);
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('base64url');
}
