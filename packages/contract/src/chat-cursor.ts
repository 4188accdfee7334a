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
  /** The chat's revision that the reader has seen; 0 if it was never changed. */
  readonly revision: number;
}

const FORM = /^(\d{1,9})\.(\d{1,9})(?:\.([\d-]+))?(?:~(\d{1,9}))?$/;

/** Formats a cursor as the id of an event. `parseChatCursor` reverses it. */
export function formatChatCursor({ accepted, sequence, answer, revision }: ChatCursor): string {
  const place = answer ? `.${formatStreamCursor(answer)}` : '';
  return `${accepted}.${sequence}${place}${revision > 0 ? `~${revision}` : ''}`;
}

/** Parses the id of an event. Returns undefined for text that is not a chat cursor. */
export function parseChatCursor(text: string): ChatCursor | undefined {
  const [, accepted, sequence, place, revision = '0'] = FORM.exec(text) ?? [];
  if (accepted === undefined || sequence === undefined) return undefined;
  const answer = place === undefined ? undefined : parseStreamCursor(place);
  if (place !== undefined && !answer) return undefined;
  const cursor = {
    accepted: Number(accepted),
    sequence: Number(sequence),
    answer,
    revision: Number(revision),
  };
  return cursor.sequence >= 1 && cursor.sequence <= cursor.accepted + 1 ? cursor : undefined;
}
