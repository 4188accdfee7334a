import { formatStreamCursor, parseStreamCursor, type StreamCursor } from './stream-cursor.ts';

/**
 * The position of a reader in a chat's stream: the newest announced message, and the place in the current
 * answer.
 */
export interface ChatCursor {
  /** The sequence number of the newest turn whose message was sent to the reader; 0 before the first. */
  readonly accepted: number;
  /** The sequence number of the turn whose answer is being sent. All earlier answers were sent completely. */
  readonly sequence: number;
  /** The position in that answer; undefined before its start. */
  readonly answer: StreamCursor | undefined;
}

const FORM = /^(\d{1,9})\.(\d{1,9})(?:\.([\d-]+))?$/;

/** Formats a cursor as the id of an event. `parseChatCursor` reverses it. */
export function formatChatCursor({ accepted, sequence, answer }: ChatCursor): string {
  return `${accepted}.${sequence}${answer ? `.${formatStreamCursor(answer)}` : ''}`;
}

/** Parses the id of an event. Returns undefined for text that is not a chat cursor. */
export function parseChatCursor(text: string): ChatCursor | undefined {
  const [, accepted, sequence, place] = FORM.exec(text) ?? [];
  if (accepted === undefined || sequence === undefined) return undefined;
  const answer = place === undefined ? undefined : parseStreamCursor(place);
  if (place !== undefined && !answer) return undefined;
  const cursor = { accepted: Number(accepted), sequence: Number(sequence), answer };
  return cursor.sequence >= 1 && cursor.sequence <= cursor.accepted + 1 ? cursor : undefined;
}
