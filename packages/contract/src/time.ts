import { z } from 'zod';

/** A moment: ISO 8601 in UTC with `Z`, to the millisecond. */
export const momentSchema = z.iso
  .datetime()
  .meta({ description: 'ISO 8601 in UTC.', examples: ['2026-11-23T18:02:11.042Z'] });

/** A day in UTC, as `2026-11-25`. */
export function utcDay(at: Date): string {
  return at.toISOString().slice(0, 10);
}
