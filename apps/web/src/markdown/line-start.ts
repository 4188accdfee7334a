import type { Find } from './text-finder.ts';

/** The start of a line of markdown: its indentation and the marks of quotes and lists. */
export interface LineStart {
  readonly contentAt: number;
  /** The position to continue at: the content, or the end of the fenced code block that starts here. */
  readonly next: number;
  /**
   * The start of a further line in the same quotes and list items. Undefined if it is too long to be repeated on
   * each line.
   */
  readonly continued: string | undefined;
}

const CONTAINERS = /(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t])))*[ \t]*/y;
const QUOTES = /[ \t>]*/y;
const FENCE = /(?:`{3,}|~{3,})?/y;
const continuedLengthMax = 60;

/** Reads the start of the line at a position. */
export function readLineStart(text: string, at: number, find: Find): LineStart {
  const start = match(CONTAINERS, text, at);
  const contentAt = at + start.length;
  const fence = match(FENCE, text, contentAt);
  return {
    contentAt,
    next: fence === '' ? contentAt : endOfFence(text, contentAt, fence, find),
    continued: start.length > continuedLengthMax ? undefined : start.replaceAll(/[^>\t]/g, ' '),
  };
}

/** Returns the end of the closing line of a fenced code block, or of the text. */
function endOfFence(text: string, at: number, fence: string, find: Find): number {
  let end = find('\n', at);
  while (end < text.length) {
    const start = end + 1;
    end = find('\n', start);
    if (text.startsWith(fence, start + match(QUOTES, text, start).length)) break;
  }
  return end;
}

/** Returns the match of a sticky pattern at a position, which may be empty. */
function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
