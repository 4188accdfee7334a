import { InvalidArgumentError } from 'commander';

/** An option's value as a whole number; its bounds are the server's. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
