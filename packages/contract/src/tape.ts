import type { ToolShow } from './tool.ts';
import type { Source } from './tool-step.ts';

/*
 * A tape is an answer as one text, to which a run only appends. It begins in a text part. A mark, which is NUL and a letter,
 * ends the open part and begins the next: `T` text, `R` reasoning that is hidden, `S` reasoning that may be shown, `C` a tool
 * call, `O` the result of one and `U` a source, each followed by JSON. No text contains NUL, and JSON escapes it. An answer of text alone has
 * no mark, so its tape is its text, and an offset in a tape is an offset in that text.
 */

/** Text of the answer. */
export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

/** Thoughts of the model before its next text or tool call. They are never given back to it. */
export interface ReasoningPart {
  readonly type: 'reasoning';
  readonly text: string;
  /** The agent showed its reasoning when the answer was written. */
  readonly isShown?: true;
}

/** A tool call of the model. */
export interface ToolCallPart {
  readonly type: 'tool-call';
  /** Unique in the answer. It is not the id that the model gave the call. */
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them. They may be invalid JSON. */
  readonly arguments: string;
  /** The tool's title when it was called. */
  readonly title?: string;
  /** How much of the call was shown when it was made. */
  readonly show: ToolShow;
}

/** The result of a tool call. */
export interface ToolResultPart {
  readonly type: 'tool-result';
  /** The id of the call. */
  readonly id: string;
  readonly name: string;
  /** The text that the model received. */
  readonly result: string;
  /** The call failed, and the result describes why. */
  readonly isError?: true;
  /** How long the call took, in milliseconds. Absent if another run made the call. */
  readonly ms?: number;
  readonly title?: string;
  readonly show: ToolShow;
}

/** A web page that the text before it draws on. */
export interface SourcePart extends Source {
  readonly type: 'source';
  /** Unique in the answer. */
  readonly id: string;
}

/** A part that comes whole. */
export type WholePart = ToolCallPart | ToolResultPart | SourcePart;

/** A part of an answer. */
export type TapePart = TextPart | ReasoningPart | WholePart;

/** A part that can be continued. */
export type OpenPart = 'text' | 'reasoning' | 'shown-reasoning';

/** A place in a tape. */
export interface TapePlace {
  /** The part that the next text continues. Undefined after a part that is complete. */
  readonly open: OpenPart | undefined;
  /** The number of marks before the place. The parts of an answer are numbered by it. */
  readonly index: number;
}

/** The place in a tape without marks. */
export const PLAIN_PLACE: TapePlace = { open: 'text', index: 0 };

const MARK = '\0';
const MARK_LENGTH = 2;
const opening: Readonly<Record<string, OpenPart>> = { T: 'text', R: 'reasoning', S: 'shown-reasoning' };
const letters = { text: 'T', reasoning: 'R', 'shown-reasoning': 'S' } as const;
const wholeLetters = { 'tool-call': 'C', 'tool-result': 'O', source: 'U' } as const;
const wholeTypes: Readonly<Record<string, WholePart['type']>> = {
  C: 'tool-call',
  O: 'tool-result',
  U: 'source',
};

/** Whether a tape, or a piece of one, has no mark. */
export function isPlainTape(tape: string): boolean {
  return !tape.includes(MARK);
}

/** The tape of a text. A text of another system's export may contain NUL, which would be a mark. */
export function toPlainTape(text: string): string {
  return isPlainTape(text) ? text : text.replaceAll(MARK, '\uFFFD');
}

/** Whether a tape goes on with a mark at this offset. */
export function isMarkAt(tape: string, offset: number): boolean {
  return tape.charAt(offset) === MARK;
}

/** The characters that continue a tape with more of a part. */
export function moreOf(part: OpenPart, text: string, open: OpenPart | undefined): string {
  return part === open ? text : `${MARK}${letters[part]}${text}`;
}

/** The characters that add a complete part to a tape. */
export function markOf({ type, ...fields }: WholePart): string {
  return `${MARK}${wholeLetters[type]}${JSON.stringify(fields)}`;
}

/** One step along a tape: text of the open part, or a mark, with the length that it takes. */
export type TapeStep =
  | { readonly type: 'more'; readonly part: OpenPart; readonly text: string; readonly length: number }
  | { readonly type: 'open'; readonly part: OpenPart; readonly length: number }
  | { readonly type: 'whole'; readonly part: WholePart; readonly length: number };

/**
 * Walks along a piece of a tape that begins at a place.
 *
 * @throws SyntaxError when the piece does not begin at that place, or is cut within a mark
 */
export function* walkTape(tape: string, { open: first }: TapePlace = PLAIN_PLACE): Generator<TapeStep> {
  let open: OpenPart | undefined = first;
  for (let at = 0; at < tape.length; ) {
    if (!isMarkAt(tape, at)) {
      if (!open) throw new SyntaxError('a tape continues no part');
      const end = endOf(tape, at);
      yield { type: 'more', part: open, text: tape.slice(at, end), length: end - at };
      at = end;
      continue;
    }
    const letter = tape.charAt(at + 1);
    open = opening[letter];
    if (open) {
      yield { type: 'open', part: open, length: MARK_LENGTH };
      at += MARK_LENGTH;
      continue;
    }
    const end = endOf(tape, at + 1);
    yield { type: 'whole', part: wholePart(letter, tape.slice(at + MARK_LENGTH, end)), length: end - at };
    at = end;
  }
}

/** The place after a piece of a tape; undefined if the piece is cut within a mark or does not begin at `place`. */
export function placeAfter(tape: string, place: TapePlace = PLAIN_PLACE): TapePlace | undefined {
  if (tape === '' || (place.open && isPlainTape(tape))) return place;
  let { open, index } = place;
  try {
    for (const step of walkTape(tape, place)) {
      if (step.type === 'more') continue;
      open = step.type === 'open' ? step.part : undefined;
      index++;
    }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return { open, index };
}

/** The parts of a whole tape. */
export function partsOf(tape: string): TapePart[] {
  const parts: TapePart[] = [];
  for (const step of walkTape(tape)) {
    if (step.type === 'whole') parts.push(step.part);
    else if (step.type === 'more') parts.push(toPart(step.part, step.text));
  }
  return parts;
}

/** The tape of parts. `partsOf` reverses it, unless two neighbors of a kind could be one part. */
export function tapeOf(parts: readonly TapePart[]): string {
  let tape = '';
  let open: OpenPart | undefined = PLAIN_PLACE.open;
  for (const part of parts) {
    if (isWholePart(part)) {
      tape += markOf(part);
      open = undefined;
    } else {
      const kind = part.type === 'text' ? 'text' : part.isShown ? 'shown-reasoning' : 'reasoning';
      tape += moreOf(kind, part.text, open);
      open = kind;
    }
  }
  return tape;
}

/** Whether a part, or the event of one, comes whole. */
export function isWholePart<Part extends { readonly type: string }>(
  part: Part,
): part is Extract<Part, WholePart> {
  return part.type in wholeLetters;
}

/** The joined text parts of a tape, or of a piece of one that begins at `place`: the content of the answer. */
export function textOfTape(tape: string, place: TapePlace = PLAIN_PLACE): string {
  if (place.open === 'text' && isPlainTape(tape)) return tape;
  let text = '';
  for (const step of walkTape(tape, place))
    if (step.type === 'more' && step.part === 'text') text += step.text;
  return text;
}

/**
 * The text of a tool call or of its result, as the model gets it again; empty for other parts. It counts in the size of a
 * history beside the content of the message.
 */
export function textOfCall(
  part: TapePart | { readonly arguments?: string; readonly result?: string },
): string {
  if ('arguments' in part) return part.arguments ?? '';
  return 'result' in part ? (part.result ?? '') : '';
}

function endOf(tape: string, from: number): number {
  const end = tape.indexOf(MARK, from);
  return end === -1 ? tape.length : end;
}

function wholePart(letter: string, json: string): WholePart {
  const type = wholeTypes[letter];
  if (!type) throw new SyntaxError('a tape has an unknown mark');
  return { type, ...JSON.parse(json) };
}

function toPart(part: OpenPart, text: string): TextPart | ReasoningPart {
  if (part === 'text') return { type: 'text', text };
  return { type: 'reasoning', text, ...(part === 'shown-reasoning' && { isShown: true }) };
}
