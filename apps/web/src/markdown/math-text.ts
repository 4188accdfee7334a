/** Returns true if a text may contain a formula, so that the formula renderer is needed. */
export function mayHoldMath(text: string): boolean {
  return /\$\$|\\\(|\\\[|\$[^\s$][^$\n]*\$(?!\d)/.test(text);
}

/**
 * Converts all formulas to `$$…$$`, the form that remark-math reads: `\(…\)`, `\[…\]`, and `$…$` if the
 * dollars touch the formula and no digit follows (Pandoc's rule). Prices and code stay unchanged.
 *
 * The text may be hostile, so it is read in one pass, in linear time.
 */
export function toMathMarkdown(text: string): string {
  const find = createFinder(text);
  const endOfCode = createCodeFinder(text);
  const out: string[] = [];
  let copied = 0;
  let line = readLineStart(text, 0, find);
  let at = line.next;
  while (at < text.length) {
    let next = at + 1;
    if (text[at] === '\n') {
      line = readLineStart(text, next, find);
      next = line.next;
    } else if (text[at] === '`') {
      next = endOfCode(at);
    } else {
      const formula = readFormula(text, at, line, find);
      if (formula?.markdown !== undefined) {
        out.push(text.slice(copied, at), formula.markdown);
        copied = formula.end;
      }
      next = formula?.end ?? next;
    }
    at = endOfPlainText(text, next);
  }
  out.push(text.slice(copied));
  return out.join('');
}

/**
 * Returns the next position of a mark, or the length of the text. Positions must be requested from left to
 * right.
 */
type Find = (mark: string, from: number) => number;

interface LineStart {
  /** The whitespace at the start of the line. */
  readonly indent: string;
  readonly contentAt: number;
  /** The position to continue at: the content, or the end of the fenced code block that starts here. */
  readonly next: number;
}

interface FormulaText {
  readonly end: number;
  /** Undefined if the formula already has the right form. */
  readonly markdown?: string;
}

const INDENT = /[ \t]*/y;
const FENCE = /(?:`{3,}|~{3,})?/y;
const PLAIN = /[^`$\\\n]*/y;

/** Caches the next position of each mark, so that all searches together read the text once. */
function createFinder(text: string): Find {
  const nextOf = new Map<string, number>();
  return (mark, from) => {
    const known = nextOf.get(mark);
    if (known !== undefined && known >= from) return known;
    const found = text.indexOf(mark, from);
    const next = found === -1 ? text.length : found;
    nextOf.set(mark, next);
    return next;
  };
}

/**
 * Returns the end of the code span that starts at a position: after the next run of the same number of
 * backticks, or after the backticks themselves if there is none (CommonMark, "Code spans").
 */
function createCodeFinder(text: string): (at: number) => number {
  let ends: Map<number, number> | undefined;
  return (at) => {
    ends ??= pairBackticks(text);
    return ends.get(at) ?? at + 1;
  };
}

function pairBackticks(text: string): Map<number, number> {
  const ends = new Map<number, number>();
  const openOfLength = new Map<number, number>();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    ends.set(index, index + run.length);
    const before = openOfLength.get(run.length);
    if (before !== undefined) ends.set(before, index + run.length);
    openOfLength.set(run.length, index);
  }
  return ends;
}

function readLineStart(text: string, at: number, find: Find): LineStart {
  const indent = match(INDENT, text, at);
  const contentAt = at + indent.length;
  const fence = match(FENCE, text, contentAt);
  return { indent, contentAt, next: fence === '' ? contentAt : endOfFence(text, contentAt, fence, find) };
}

/** Returns the end of the closing line of a fenced code block, or of the text. */
function endOfFence(text: string, at: number, fence: string, find: Find): number {
  let end = find('\n', at);
  while (end < text.length) {
    const start = end + 1;
    end = find('\n', start);
    if (text.startsWith(fence, start + match(INDENT, text, start).length)) break;
  }
  return end;
}

function readFormula(text: string, at: number, line: LineStart, find: Find): FormulaText | undefined {
  switch (text.slice(at, at + 2)) {
    case '$$':
      return { end: find('$$', at + 2) + 2 };
    case '\\$':
      return { end: at + 2 };
    case '\\[':
      return readDisplay(text, at, line, find);
    case '\\(': {
      const close = find('\\)', at + 3);
      return close < find('\n', at) ? inline(text, at + 2, close, close + 2) : undefined;
    }
    default:
      return text[at] === '$' ? readDollars(text, at, find) : undefined;
  }
}

function readDisplay(text: string, at: number, line: LineStart, find: Find): FormulaText | undefined {
  const close = find('\\]', at + 3);
  if (close === text.length) return undefined;
  const lines = text
    .slice(at + 2, close)
    .trim()
    .split('\n');
  if (at !== line.contentAt) return { end: close + 2, markdown: `$$${lines.join(' ')}$$` };
  // On separate lines, with the indentation of the surrounding list.
  const own = ['$$', ...lines.map((one) => one.trim()), '$$'];
  return { end: close + 2, markdown: own.join(`\n${line.indent}`) };
}

function readDollars(text: string, at: number, find: Find): FormulaText | undefined {
  const close = find('$', at + 2);
  const isFormula =
    close < text.length &&
    close < find('\n', at) &&
    !/\s/.test(text.charAt(at + 1)) &&
    !/[\s\\]/.test(text.charAt(close - 1)) &&
    !/\d/.test(text.charAt(close + 1));
  return isFormula ? inline(text, at + 1, close, close + 1) : undefined;
}

function inline(text: string, start: number, close: number, end: number): FormulaText {
  return { end, markdown: `$$${text.slice(start, close).trim()}$$` };
}

function endOfPlainText(text: string, at: number): number {
  return at + match(PLAIN, text, at).length;
}

/** Returns the match of a sticky pattern at a position, which may be empty. */
function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
