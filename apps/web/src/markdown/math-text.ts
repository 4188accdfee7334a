import { type LineStart, readLineStart } from './line-start.ts';
import { createCodeFinder, createFinder, type Find } from './text-finder.ts';

/**
 * Converts all formulas to `$$…$$`, the form that remark-math reads: `\(…\)`, `\[…\]`, `$…$` and `$$…$$`. A formula
 * that begins its line gets lines of its own. Dollars of prices and shell variables are escaped, and code stays
 * unchanged. Returns undefined if the text has no formula. While a text grows (`isOpen`), its last formula may be open.
 *
 * The text may be hostile, so it is read in one pass, in linear time.
 */
export function toMathMarkdown(text: string, isOpen = false): string | undefined {
  if (!/\$|\\[([]/.test(text)) return undefined;
  const find = createFinder(text);
  const endOfCode = createCodeFinder(text);
  const out: string[] = [];
  let copied = 0;
  let hasFormula = false;
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
      const piece = readPiece({ text, at, line, find, isOpen });
      if (piece?.markdown !== undefined) {
        out.push(text.slice(copied, at), piece.markdown);
        copied = piece.end;
        hasFormula ||= piece.isFormula === true;
      }
      next = piece?.end ?? next;
    }
    at = endOfPlainText(text, next);
  }
  out.push(text.slice(copied));
  return hasFormula ? out.join('') : undefined;
}

interface Position {
  readonly text: string;
  readonly at: number;
  readonly line: LineStart;
  readonly find: Find;
  readonly isOpen: boolean;
}

interface Piece {
  readonly end: number;
  /** Undefined if the piece stays as it is. */
  readonly markdown?: string;
  readonly isFormula?: boolean;
}

const PLAIN = /[^`$\\\n]*/y;
const DOLLARS = /\$+/y;
const BLANK_REST = /[ \t]*(?:\n|$)/y;
/** Signs that formulas have and prose does not. */
const MATH_SIGN = /[\\^_={}<>+]/;
const WORDS = /(?:^|\s)\p{L}{2,}(?:[\s,.;:]|$)/u;

function readPiece(position: Position): Piece | undefined {
  const { text, at, find } = position;
  switch (text.slice(at, at + 2)) {
    case '\\\\':
    case '\\$':
      return { end: at + 2 };
    case '\\[': {
      const close = find('\\]', at + 3);
      return close === text.length ? undefined : display(position, at + 2, close);
    }
    case '\\(': {
      const close = find('\\)', at + 3);
      return close < find('\n', at) ? inline(text.slice(at + 2, close), close + 2) : undefined;
    }
    default:
      return text[at] === '$' ? readDollars(position) : undefined;
  }
}

function readDollars(position: Position): Piece {
  const { text, at } = position;
  const run = match(DOLLARS, text, at);
  const formula =
    run.length === 1 ? readSingle(position) : run.length === 2 ? readDouble(position) : undefined;
  // A single dollar needs no escape: remark-math reads runs of two and more only.
  return formula ?? { end: at + run.length, ...(run.length > 1 && { markdown: '\\$'.repeat(run.length) }) };
}

/** `$…$` on one line, if the dollars touch the formula (Pandoc's rule) and no word touches the dollars. */
function readSingle(position: Position): Piece | undefined {
  const { text, at, find } = position;
  const close = find('$', at + 2);
  if (close >= find('\n', at) || close === text.length) return undefined;
  const content = text.slice(at + 1, close);
  const isFormula =
    !/[\w$]/.test(text.charAt(at - 1)) &&
    !/^\s|[\s\\]$/.test(content) &&
    !/[\w$]/.test(text.charAt(close + 1)) &&
    !isProse(content) &&
    !cutsCell(position, content);
  return isFormula ? inline(content, close + 1) : undefined;
}

/** `$$…$$`: a block if it begins its line, otherwise a part of its line. */
function readDouble(position: Position): Piece | undefined {
  const { text, at, line, find, isOpen } = position;
  const close = find('$$', at + 2);
  if (text[close + 2] === '$') return undefined;
  const content = text.slice(at + 2, close);
  if (content.trim() === '') return undefined;
  if (close === text.length)
    return isOpen && at === line.contentAt ? openDisplay(position, content) : undefined;
  if (at === line.contentAt && (content.includes('\n') || isAtLineEnd(text, close + 2)))
    return display(position, at + 2, close);
  const isSpacedEvenly = /^\s/.test(content) === /\s$/.test(content);
  const isFormula =
    isSpacedEvenly &&
    !/^\s*[),.;:!?]|[([]\s*$/.test(content) &&
    !isProse(content) &&
    !cutsCell(position, content) &&
    (!content.includes('\n') || (MATH_SIGN.test(content) && !/\n\s*\n/.test(content)));
  return isFormula ? inline(content, close + 2) : undefined;
}

/** Returns true for words without any sign of mathematics: the text between two prices. */
function isProse(content: string): boolean {
  return WORDS.test(content) && !MATH_SIGN.test(content);
}

/** Returns true if a formula contains the end of a table cell. */
function cutsCell({ text, line }: Position, content: string): boolean {
  return text[line.contentAt] === '|' && /(?<!\\)\|/.test(content);
}

/** The formula at the end of a growing text. */
function openDisplay(position: Position, content: string): Piece | undefined {
  if (isProse(content)) return undefined;
  const { text, at } = position;
  return display(position, at + 2, text.endsWith('$') ? text.length - 1 : text.length);
}

/** A formula on lines of its own, inside the list or quote of its first line. */
function display(position: Position, start: number, close: number): Piece {
  const { text, at, line } = position;
  const content = text.slice(start, close);
  const end = close + 2;
  if (at !== line.contentAt || line.continued === undefined) return inline(oneLine(content), end);
  const quotes = line.continued.split('>').length - 1;
  const lineStart = new RegExp(`^(?:[ \\t]*>){0,${quotes}}[ \\t]*`);
  const own = content.split('\n').map((each, index) => (index === 0 ? each : each.replace(lineStart, '')));
  const lines = own.join('\n').trim().split('\n');
  const markdown = ['$$', ...lines, '$$'].join(`\n${line.continued}`);
  const rest = isAtLineEnd(text, end) ? '' : `\n${line.continued}`;
  return { end, markdown: markdown + rest, isFormula: true };
}

function oneLine(content: string): string {
  return content.trim().replaceAll(/\n[>\s]*/g, ' ');
}

function inline(content: string, end: number): Piece {
  return { end, markdown: `$$${content.trim()}$$`, isFormula: true };
}

function isAtLineEnd(text: string, at: number): boolean {
  if (at >= text.length) return true;
  BLANK_REST.lastIndex = at;
  return BLANK_REST.test(text);
}

function endOfPlainText(text: string, at: number): number {
  return at + match(PLAIN, text, at).length;
}

/** Returns the match of a sticky pattern at a position, which may be empty. */
function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
