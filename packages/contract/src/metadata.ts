import { z } from 'zod';
import { type JsonValue, problemOfJson } from './json.ts';
import { limits } from './limits.ts';

/** Data that an integrator attaches to a chat. Parley stores it exactly as sent and never interprets it. */
export type Metadata = { [key: string]: JsonValue };

/**
 * Metadata in a request: a JSON object of at most 16 KiB (as UTF-8 JSON) and 8 levels, without the key
 * `__proto__`.
 */
export const metadataSchema = z
  .custom<Metadata>((value) => problemOf(value) === undefined, {
    error: ({ input }) => problemOf(input) ?? 'must be a JSON object',
  })
  .meta({
    type: 'object',
    additionalProperties: true,
    description: 'Any JSON object of at most 16 KiB and 8 levels. It is stored exactly as sent.',
    examples: [{ plan: 'pro', page: '/pricing' }],
  });

/** Metadata in a response. It was checked when it was received. */
export const storedMetadataSchema = z
  .custom<Metadata>()
  .meta({ type: 'object', additionalProperties: true, description: 'As it was sent.' });

function problemOf(value: unknown): string | undefined {
  return problemOfJson(value, { bytesMax: limits.metadataBytesMax, depthMax: limits.metadataDepthMax });
}
