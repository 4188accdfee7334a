/*
 * What the scripted model says. The answer follows from what it was asked, so that whoever asked can tell a
 * right answer from one with a message missing, doubled or another chat's.
 */

export interface ScriptedMessage {
  readonly role: string;
  readonly content: string;
}

/** Small pieces, as models send them: about one word each. */
const PIECES = 20;

/** The answer to a conversation: it quotes the last message and counts all. */
export function answerTo(messages: readonly ScriptedMessage[]): string {
  return quote(messages.at(-1)?.content ?? '', messages.length);
}

/** The answer to `content` as the `count`th message of its chat. */
export function quote(content: string, count: number): string {
  return `You have sent me ${count} messages by now, and the newest of them says: "${content}" Is that right?`;
}

/** A text in the pieces the model sends it in. */
export function piecesOf(text: string): string[] {
  const length = Math.ceil(text.length / PIECES);
  return Array.from({ length: PIECES }, (_, index) => text.slice(index * length, (index + 1) * length));
}
