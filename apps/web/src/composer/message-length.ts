/** The server's limit in Unicode code points. A test compares it with the contract. */
export const messageLengthMax = 32_000;

/** The remaining length from which on the composer shows it. */
const shownFrom = 2_000;

/** The length of a message in relation to its limit. */
export interface MessageLength {
  /** Remaining code points; negative if the text is too long. */
  readonly left: number;
  readonly isTooLong: boolean;
  /** True if the remaining length should be shown. */
  readonly isNearMax: boolean;
}

/** Measures a text like the server does. */
export function measureMessage(text: string): MessageLength {
  const left = messageLengthMax - codePoints(text);
  return { left, isTooLong: left < 0, isNearMax: left <= shownFrom };
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
