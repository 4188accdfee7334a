/**
 * The position of a reader in an answer, used as the id of an event. `attempt` is the run of the turn that
 * produced the answer, 0 before any did. `offset` counts the UTF-16 units of the answer's tape (`tape.ts`), which for an
 * answer of text alone are those of its text. `part` says what is at the offset: 0 is the start; 1 is the text that the
 * answer begins with; 2 is the end of the last part; 3 is the end of the answer; 4 is a later text part; 5 is a reasoning
 * part; 6 is the place between two parts.
 */
export interface StreamCursor {
  readonly attempt: number;
  readonly part: number;
  readonly offset: number;
}

const FORM = /^(\d{1,9})-(\d{1,4})-(\d{1,9})$/;

/** Formats a cursor as the id of an event. `parseStreamCursor` reverses it. */
export function formatStreamCursor({ attempt, part, offset }: StreamCursor): string {
  return `${attempt}-${part}-${offset}`;
}

/** Parses the id of an event. Returns undefined for text that is not a stream cursor. */
export function parseStreamCursor(text: string): StreamCursor | undefined {
  const [, attempt, part, offset] = FORM.exec(text) ?? [];
  if (attempt === undefined || part === undefined || offset === undefined) return undefined;
  return { attempt: Number(attempt), part: Number(part), offset: Number(offset) };
}
