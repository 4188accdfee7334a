import { z } from 'zod';
import { limits } from './limits.ts';

/**
 * The size of a page. It arrives as a number (tRPC) or as digits (a query string); anything else is refused
 * rather than guessed at.
 */
export const pageLimitSchema = z
  .preprocess(
    (value: number | string) =>
      typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value,
    z
      .int({ error: 'must be a whole number' })
      .min(1, `must be from 1 to ${limits.pageLimitMax}`)
      .max(limits.pageLimitMax, `must be from 1 to ${limits.pageLimitMax}`),
  )
  .meta({ description: 'How many to answer at most; without it, all.', examples: [50] });

/** Where the previous page ended: its `nextCursor`, unchanged, with the same filters. */
export const cursorSchema = z
  .string()
  .min(1)
  .max(limits.cursorLengthMax)
  .meta({ description: "The previous page's `nextCursor`. Opaque; it goes with the same filters only." });

export const nextCursorSchema = z
  .string()
  .meta({ description: 'Present when there is more: pass it as `cursor` to go on.' });
