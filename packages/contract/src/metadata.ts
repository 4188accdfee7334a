import { z } from 'zod';
import { limits } from './limits.ts';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** What an integrator attaches to a chat. Parley keeps it exactly as sent and never looks inside. */
export type Metadata = { [key: string]: JsonValue };

const encoder = new TextEncoder();

/**
 * Metadata in a request: a JSON object of at most 16 KiB (as UTF-8 JSON) and 8 levels. A key `__proto__` is
 * refused at every level: it means an object's prototype to most programs that would read it back.
 */
export const metadataSchema = z
  .custom<Metadata>((value) => problemOf(value) === undefined, {
    error: ({ input }) => problemOf(input) ?? 'must be a JSON object',
  })
  .meta({
    type: 'object',
    additionalProperties: true,
    description: 'Any JSON object of at most 16 KiB and 8 levels, kept exactly as sent.',
    examples: [{ plan: 'pro', page: '/pricing' }],
  });

/** Metadata in an answer: it was checked when it came in. */
export const storedMetadataSchema = z
  .custom<Metadata>()
  .meta({ type: 'object', additionalProperties: true, description: 'As it was sent.' });

function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be a JSON object';
  const inside = problemInside(value, 1);
  if (inside) return inside;
  const size = encoder.encode(JSON.stringify(value)).length;
  if (size > limits.metadataBytesMax) {
    return `must be at most ${limits.metadataBytesMax} bytes as JSON, has ${size}`;
  }
  return undefined;
}

function problemInside(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return problemOfText(value);
  if (typeof value === 'number') return problemOfNumber(value);
  if (typeof value === 'boolean' || value === null) return undefined;
  if (typeof value !== 'object') return 'must contain JSON values only';
  if (depth > limits.metadataDepthMax) return `must be at most ${limits.metadataDepthMax} levels deep`;
  for (const [key, child] of Object.entries(value)) {
    if (key === '__proto__') return 'must not contain the key "__proto__"';
    const problem = problemOfText(key) ?? problemInside(child, depth + 1);
    if (problem) return problem;
  }
  return undefined;
}

/** A larger integer has lost digits when it was read as JSON: it would not come back as it was sent. */
function problemOfNumber(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'must contain finite numbers only';
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
  return 'must contain integers of at most 2^53 - 1 only; send larger ones as strings';
}

function problemOfText(text: string): string | undefined {
  return text.isWellFormed() ? undefined : 'must be well-formed Unicode (no lone surrogates)';
}
