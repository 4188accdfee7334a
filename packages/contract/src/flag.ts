import { z } from 'zod';

/** A boolean. It arrives as a boolean (tRPC) or as the word `true` or `false` (a query string). */
export const flagSchema = z.preprocess(
  (value: boolean | 'true' | 'false') => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean({ error: 'must be true or false' }),
);
