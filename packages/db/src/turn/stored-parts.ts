import { partsOf, type TapePart, type ToolShow, tapeOf } from '@parley/contract';

/**
 * A part of an answer as it is stored. A text part has only the length of its text, in UTF-16 units: the texts of all text
 * parts, one after the other, are the content of the message. The other kinds have the fields of their `TapePart`.
 */
export interface StoredPart {
  kind: TapePart['type'];
  /** Only of a text part. */
  length?: number;
  /** Only of a reasoning part. */
  text?: string;
  isShown?: true;
  id?: string;
  name?: string;
  arguments?: string;
  result?: string;
  isError?: true;
  ms?: number;
  title?: string;
  show?: ToolShow;
  url?: string;
}

const KINDS: ReadonlySet<string> = new Set<TapePart['type']>([
  'text',
  'reasoning',
  'tool-call',
  'tool-result',
  'source',
]);

/** The stored form of the parts of a tape. */
export function toStoredParts(tape: string): StoredPart[] {
  return partsOf(tape).map(toStoredPart);
}

/** The stored form of a part. */
export function toStoredPart(part: TapePart): StoredPart {
  if (part.type === 'text') return { kind: 'text', length: part.text.length };
  const { type: kind, ...fields } = part;
  return { kind, ...fields };
}

/** The parts of a message with this content. A part of a kind that this version does not know is left out. */
export function fromStoredParts(content: string, stored: readonly StoredPart[]): TapePart[] {
  let at = 0;
  return stored
    .filter(({ kind }) => KINDS.has(kind))
    .map(({ kind, length = 0, ...fields }): TapePart => {
      // The fields of a stored part are those of the part that was stored.
      if (kind !== 'text') return { type: kind, ...fields } as TapePart;
      at += length;
      return { type: 'text', text: content.slice(at - length, at) };
    });
}

/** The tape of a message with this content; undefined if it has text alone. */
export function toTape(content: string, stored: readonly StoredPart[] | undefined): string | undefined {
  return stored && tapeOf(fromStoredParts(content, stored));
}

/** The parts of an earlier answer that the model gets again: its text, and its tool calls with their results. */
export function toGivenParts(content: string, stored: readonly StoredPart[]): TapePart[] {
  const given = stored.filter(({ kind }) => kind !== 'reasoning' && kind !== 'source');
  return fromStoredParts(content, given);
}
