import { z } from 'zod';
import { limits } from './limits.ts';

/** The maximum number of items on a page. It arrives as a number (tRPC) or as digits (a query string). */
export const pageLimitSchema = z
  .preprocess(
    (value: number | string) =>
      typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value,
    z
      .int({ error: 'must be a whole number' })
      .min(1, `must be from 1 to ${limits.pageLimitMax}`)
      .max(limits.pageLimitMax, `must be from 1 to ${limits.pageLimitMax}`),
  )
  .meta({ description: 'The maximum number of items. Default: all.', examples: [50] });

/** The position after the previous page: its `nextCursor`, unchanged and with the same filters. */
export const cursorSchema = z.string().min(1).max(limits.cursorLengthMax).meta({
  description: "The previous page's `nextCursor`. It is opaque and only valid with the same filters.",
});

/** The cursor of the next page in a response; absent on the last page. */
export const nextCursorSchema = z
  .string()
  .meta({ description: 'Present if there are more items: pass it as `cursor` to get them.' });
