import { BrokenCall } from './broken-call.ts';

/* Checks for values of a server's answer, which can have any type. */

/**
 * Parses the data of an event.
 *
 * @throws BrokenCall
 */
export function parseEvent(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // The parser's message quotes the text, which may be part of the answer.
    throw new BrokenCall('an event of the answer is no JSON');
  }
}

/** Returns the value if it is a text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Whether the value is an integer from 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
