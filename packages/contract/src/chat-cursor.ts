import { formatStreamCursor, parseStreamCursor, type StreamCursor } from './stream-cursor.ts';

/** How far a follower of a chat is: up to which turn it was told of messages, and where in which answer it is. */
export interface ChatCursor {
  /** The sequence number of the newest turn whose message was told. */
  readonly accepted: number;
  /** The turn whose answer is told: all before it were told to their end. */
  readonly sequence: number;
  /** Where in that answer; undefined before its start. */
  readonly answer: StreamCursor | undefined;
}

const FORM = /^(\d{1,9})\.(\d{1,9})(?:\.([\d-]+))?$/;

export function formatChatCursor({ accepted, sequence, answer }: ChatCursor): string {
  return `${accepted}.${sequence}${answer ? `.${formatStreamCursor(answer)}` : ''}`;
}

/** Undefined for a text that is no cursor. */
export function parseChatCursor(text: string): ChatCursor | undefined {
  const [, accepted, sequence, place] = FORM.exec(text) ?? [];
  if (accepted === undefined || sequence === undefined) return undefined;
  const answer = place === undefined ? undefined : parseStreamCursor(place);
  if (place !== undefined && !answer) return undefined;
  const cursor = { accepted: Number(accepted), sequence: Number(sequence), answer };
  return cursor.sequence >= 1 && cursor.sequence <= cursor.accepted + 1 ? cursor : undefined;
}
