/** Opens or closes fenced code, with the indentation of the surrounding list. */
const FENCE = /^\s*(`{3,}|~{3,})(.*)$/;
const MATH_FENCE = /^\s*\$\$/;
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const INDENTED = /^(?: {2,}|\t)/;
/** A definition affects the whole text, so a text with one is a single block. */
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m;

/**
 * Splits markdown into blocks that can be rendered separately: paragraphs, whole lists, whole fences. While
 * an answer grows, only its last block is parsed again. The joined blocks equal the text.
 */
export function splitBlocks(text: string): readonly string[] {
  if (DEFINITION.test(text)) return [text];
  const blocks: string[] = [];
  let lines: string[] = [];
  let fence: string | undefined;
  let isMath = false;
  let isList = false;
  let isAfterBlank = false;

  for (const line of text.split(/(?<=\n)/)) {
    const isBlank = line.trim() === '';
    const isOpen = fence !== undefined || isMath;
    if (isAfterBlank && !isBlank && !isOpen && !continues(line, isList)) {
      blocks.push(lines.join(''));
      lines = [];
    }
    if (lines.every((earlier) => earlier.trim() === '')) isList = LIST_ITEM.test(line);
    lines.push(line);
    isAfterBlank = isBlank;
    if (!isMath) fence = fenceAfter(line.trimEnd(), fence);
    if (fence === undefined && togglesMath(line)) isMath = !isMath;
  }
  if (lines.length > 0) blocks.push(lines.join(''));
  return blocks;
}

/** Returns true if a line after a blank line belongs to the current block. */
function continues(line: string, isList: boolean): boolean {
  return INDENTED.test(line) || (isList && LIST_ITEM.test(line));
}

/** Returns the fence that is open after this line. */
function fenceAfter(line: string, open: string | undefined): string | undefined {
  const [, marks, rest = ''] = FENCE.exec(line) ?? [];
  if (marks === undefined) return open;
  if (open === undefined) return marks.startsWith('`') && rest.includes('`') ? undefined : marks;
  const closes = marks[0] === open[0] && marks.length >= open.length && rest.trim() === '';
  return closes ? undefined : open;
}

/** `$$` alone opens or closes a formula; a line with a complete formula does neither. */
function togglesMath(line: string): boolean {
  return MATH_FENCE.test(line) && line.split('$$').length === 2;
}
