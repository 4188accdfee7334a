import { z } from 'zod';
import { type JsonValue, problemOfJson } from './json.ts';
import { limits } from './limits.ts';

/** What an integrator attaches to a chat. Parley keeps it exactly as sent and never looks inside. */
export type Metadata = { [key: string]: JsonValue };

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
  return problemOfJson(value, { bytesMax: limits.metadataBytesMax, depthMax: limits.metadataDepthMax });
}
