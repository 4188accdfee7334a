import { InvalidArgumentError } from 'commander';

/** Parses an option as a whole number. The server checks its range. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Use a whole number.');
  return Number(text);
}
