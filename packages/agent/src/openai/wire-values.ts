import { BrokenCall } from './broken-call.ts';

/*
 * Values of a server's answer, of which nothing is believed.
 */

/**
 * Parses the data of an event.
 *
 * @throws BrokenCall
 */
export function parseEvent(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // The parser's own message quotes the text, which may be the answer's.
    throw new BrokenCall('an event of the answer is no JSON');
  }
}

/** The value if it is a text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Whether the value is a whole number from zero on. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
