/*
 * The answers of the scripted model. An answer follows from the conversation, so that its reader can recognize one
 * with a missing, repeated or foreign message.
 */

export interface ScriptedMessage {
  readonly role: string;
  readonly content: string;
}

/**
 * `at-once`: as fast as it can; `timed`: like a model that thinks; `slow`: like one with a long answer; `held`: stops
 * after half of the answer, and `hanging` before it, until the release.
 */
export type Pace = 'at-once' | 'timed' | 'slow' | 'held' | 'hanging';

/** The beginning of the message decides the pace. */
const beginnings: Readonly<Record<Pace, string>> = {
  'at-once': '',
  timed: 'Take your time. ',
  slow: 'Tell me everything. ',
  held: 'Wait for me. ',
  hanging: 'Say nothing. ',
};

/** Small pieces, as models send them: about one word each. */
export const PIECES = 20;

/** When a model sends its pieces: how long until the first, from one to the next, and how many. */
export interface Timing {
  readonly firstMs: number;
  readonly pieceMs: number;
  readonly pieces: number;
}

/** A timed answer's. */
export const timing = { firstMs: 50, pieceMs: 20, pieces: 40 } as const satisfies Timing;

/** A slow answer's: it begins at once, and takes ten seconds. */
export const slowTiming = { firstMs: 0, pieceMs: 250, pieces: 41 } as const satisfies Timing;

/** A message that is answered at this pace. */
export function askAt(pace: Pace, content: string): string {
  return beginnings[pace] + content;
}

export function paceOf(messages: readonly ScriptedMessage[]): Pace {
  const newest = messages.at(-1)?.content ?? '';
  const chosen = (['timed', 'slow', 'held', 'hanging'] as const).find((pace) =>
    newest.startsWith(beginnings[pace]),
  );
  return chosen ?? 'at-once';
}

/** The answer to a conversation: it quotes the last message and counts all. */
export function answerTo(messages: readonly ScriptedMessage[]): string {
  return quote(messages.at(-1)?.content ?? '', messages.length);
}

/** The answer to `content` as the `count`th message of its chat. */
export function quote(content: string, count: number): string {
  return `You have sent me ${count} messages by now, and the newest of them says: "${content}" Is that right?`;
}

/** How many messages the model was shown, as its answer says. */
export function countIn(answer: string): number {
  return Number(/^You have sent me (\d+) messages/.exec(answer)?.[1]);
}

/**
 * The first piece of a timed answer contains the time that the model took for it: timers are not accurate to the
 * millisecond, and the model's delay must not count for the measured server.
 */
export function statedTime(milliseconds: number): string {
  return `[${milliseconds.toFixed(3)} ms] `;
}

/** A timed answer's own time, and the answer. */
export function readStatedTime(answer: string): { readonly ownMs: number; readonly text: string } {
  const [stated = '', ownMs] = /^\[(\d+\.\d{3}) ms\] /.exec(answer) ?? [];
  return { ownMs: Number(ownMs), text: answer.slice(stated.length) };
}

/** A text in the pieces the model sends it in. */
export function piecesOf(text: string, pieces: number): string[] {
  const cut = (index: number) => Math.floor((index * text.length) / pieces);
  return Array.from({ length: pieces }, (_, index) => text.slice(cut(index), cut(index + 1)));
}
