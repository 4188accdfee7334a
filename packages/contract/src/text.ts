import { z } from 'zod';

/**
 * Creates the schema of a text of `min` to `max` characters, counted in Unicode code points like JSON Schema
 * does. NUL and lone surrogates are rejected: some stores and transports change them, and Parley stores a
 * text exactly as it was sent.
 */
export function textSchema(options: { min: number; max: number }) {
  return z
    .string()
    .refine((text) => text.length >= options.min, `must have at least ${options.min} character(s)`)
    .refine((text) => isAtMost(text, options.max), `must have at most ${options.max} characters`)
    .refine((text) => !text.includes('\0'), 'must not contain NUL (U+0000)')
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode (no lone surrogates)')
    .meta({ minLength: options.min, maxLength: options.max });
}

function isAtMost(text: string, max: number): boolean {
  if (text.length <= max) return true;
  if (text.length > 2 * max) return false;
  let count = 0;
  for (const _ of text) count++;
  return count <= max;
}
