/** Opens or closes fenced code, with the indentation of the surrounding list. */
const FENCE = /^\s*(`{3,}|~{3,})(.*)$/;
const MATH_FENCE = /^\s*(?:\$\$(?!\$)|\\\[)/;
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const INDENTED = /^(?: {2,}|\t)/;
const DETAILS = /<(\/?)details>/gi;
/** A definition of a link, which any block may use. */
const DEFINITION = /^ {0,3}\[(?!\^)[^\]\n]+\]:/;
/** Notes are numbered over the whole text, so a text with one is a single block. */
const FOOTNOTE = /^ {0,3}\[\^[^\]\n]+\]:/m;
const definitionsLengthMax = 1_000;

/** The blocks of a text, which can be parsed separately. */
export interface Blocks {
  /** Paragraphs, whole lists, whole fences. Joined, they equal the text. */
  readonly blocks: readonly string[];
  /** The lines that define links. */
  readonly definitions: string;
}

/** Splits markdown into blocks. While an answer grows, only its last block is parsed again. */
export function splitBlocks(text: string): Blocks {
  if (FOOTNOTE.test(text)) return { blocks: [text], definitions: '' };
  const split = new Splitter();
  for (const line of text.split(/(?<=\n)/)) split.add(line);
  const { blocks, definitions } = split.end();
  const joined = definitions.join('');
  // All of the definitions go into each block, so there must not be many.
  return joined.length > definitionsLengthMax
    ? { blocks: [text], definitions: '' }
    : { blocks, definitions: joined.trimEnd() };
}

class Splitter {
  readonly #blocks: string[] = [];
  readonly #definitions: string[] = [];
  #lines: string[] = [];
  #isEmpty = true;
  #isList = false;
  #isAfterBlank = false;
  #fence: string | undefined;
  /** The mark that ends the open formula. */
  #formulaEnd: string | undefined;
  #openDetails = 0;

  add(line: string): void {
    const isBlank = line.trim() === '';
    const isOpen = this.#fence !== undefined || this.#formulaEnd !== undefined || this.#openDetails > 0;
    if (this.#isAfterBlank && !isBlank && !isOpen && !this.#continues(line)) this.#endBlock();
    if (this.#isEmpty) this.#isList = LIST_ITEM.test(line);
    this.#isEmpty &&= isBlank;
    this.#lines.push(line);
    this.#isAfterBlank = isBlank;
    if (!isOpen && DEFINITION.test(line)) this.#definitions.push(line);
    if (this.#formulaEnd === undefined) this.#fence = fenceAfter(line.trimEnd(), this.#fence);
    if (this.#fence !== undefined) return;
    this.#formulaEnd = formulaEndAfter(line, this.#formulaEnd);
    for (const [, slash] of line.matchAll(DETAILS))
      this.#openDetails = Math.max(0, this.#openDetails + (slash ? -1 : 1));
  }

  end() {
    if (this.#lines.length > 0) this.#endBlock();
    return { blocks: this.#blocks, definitions: this.#definitions };
  }

  #endBlock(): void {
    this.#blocks.push(this.#lines.join(''));
    this.#lines = [];
    this.#isEmpty = true;
  }

  /** Returns true if a line after a blank line belongs to the current block. */
  #continues(line: string): boolean {
    return INDENTED.test(line) || (this.#isList && LIST_ITEM.test(line));
  }
}

/** Returns the fence that is open after this line. */
function fenceAfter(line: string, open: string | undefined): string | undefined {
  const [, marks, rest = ''] = FENCE.exec(line) ?? [];
  if (marks === undefined) return open;
  if (open === undefined) return marks.startsWith('`') && rest.includes('`') ? undefined : marks;
  const closes = marks[0] === open[0] && marks.length >= open.length && rest.trim() === '';
  return closes ? undefined : open;
}

/** Returns the mark that ends the formula that is open after this line. */
function formulaEndAfter(line: string, open: string | undefined): string | undefined {
  if (open !== undefined) return line.includes(open) ? undefined : open;
  const [start] = MATH_FENCE.exec(line) ?? [];
  if (start === undefined) return undefined;
  const end = start.endsWith('[') ? '\\]' : '$$';
  return line.includes(end, start.length) ? undefined : end;
}
