import { z } from 'zod';

/** A timestamp: ISO 8601 in UTC with `Z`, in milliseconds. */
export const timestampSchema = z.iso
  .datetime()
  .meta({ description: 'ISO 8601 in UTC.', examples: ['2026-11-23T18:02:11.042Z'] });

/** Formats the UTC day of a date, such as `2026-11-25`. */
export function utcDay(at: Date): string {
  return at.toISOString().slice(0, 10);
}
