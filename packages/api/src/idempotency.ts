import { createHash } from 'node:crypto';
import { ApiError, limits } from '@parley/contract';
import type { Idempotency } from '@parley/db';
import type { Caller } from './caller.ts';

/** The header of draft-ietf-httpapi-idempotency-key-header, taken as an opaque text of visible characters. */
export const idempotencyKeyForm = new RegExp(`^[\\x21-\\x7e]{1,${limits.idempotencyKeyLengthMax}}$`);

/** How the answer is delivered is no part of what is asked: a retry may wait where the first one did not. */
const DELIVERY_FIELDS: ReadonlySet<string> = new Set(['wait']);

/** Deeper than any input that is accepted. */
const DEPTH_MAX = 16;

/**
 * What makes a request recognisable when it comes again. The caller is known by the family of their API key,
 * so that a rolled key repeats what the old one began; another caller's same key is another one.
 *
 * @throws ApiError `invalid_input` when the header is empty, too long or not visible ASCII
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
  // Two users of one page are two callers.
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

/** The same value, its fields in one order. What is deeper than any valid input is not told apart. */
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
