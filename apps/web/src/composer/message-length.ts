/** What the server takes, in Unicode code points; a test keeps it equal to the contract's bound. */
export const messageLengthMax = 32_000;

/** How many code points are left from which on the composer tells it. */
const tellFrom = 2_000;

export interface MessageLength {
  /** Code points that may still be written; below zero, how many are too many. */
  readonly left: number;
  readonly isTooLong: boolean;
  /** Whether the end is near enough to be shown. */
  readonly isNearMax: boolean;
}

/** Measures a text as the server does. */
export function measureMessage(text: string): MessageLength {
  const left = messageLengthMax - codePoints(text);
  return { left, isTooLong: left < 0, isNearMax: left <= tellFrom };
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
