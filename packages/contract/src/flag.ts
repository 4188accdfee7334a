import { z } from 'zod';

/** Yes or no. It arrives as a boolean (tRPC) or as a word (a query string); anything else is refused. */
export const flagSchema = z.preprocess(
  (value: boolean | 'true' | 'false') => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean({ error: 'must be true or false' }),
);
