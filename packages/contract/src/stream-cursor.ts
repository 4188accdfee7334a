/**
 * How far a reader of an answer is: an event's id. `attempt` is the run of the turn whose text is shown, 0
 * before any was. `part` 0 is the start; 1 is the text, whose `offset` is the UTF-16 units shown of it; 2 is the
 * text closed at that offset; 3 is the end.
 */
export interface StreamCursor {
  readonly attempt: number;
  readonly part: number;
  readonly offset: number;
}

const FORM = /^(\d{1,9})-(\d{1,4})-(\d{1,9})$/;

export function formatStreamCursor({ attempt, part, offset }: StreamCursor): string {
  return `${attempt}-${part}-${offset}`;
}

/** Undefined for a text that is no cursor. */
export function parseStreamCursor(text: string): StreamCursor | undefined {
  const [, attempt, part, offset] = FORM.exec(text) ?? [];
  if (attempt === undefined || part === undefined || offset === undefined) return undefined;
  return { attempt: Number(attempt), part: Number(part), offset: Number(offset) };
}
