import type { AgentEvent } from './agent.ts';

/**
 * The text of an answer as it grows: what was emitted, and nothing else. It is always well-formed Unicode
 * without NUL, as every text in Parley is; what a model sends beyond that becomes U+FFFD. A character whose
 * two halves come in two pieces is held back until it is whole.
 */
export class AnswerText {
  readonly #emit: (event: AgentEvent) => void;
  readonly #lengthMax: number;
  #text = '';
  #pending = '';
  #isCut = false;
  #partStart = 0;
  #needsBreak = false;

  /** `lengthMax` is in UTF-16 units. */
  constructor(emit: (event: AgentEvent) => void, lengthMax: number) {
    this.#emit = emit;
    this.#lengthMax = lengthMax;
  }

  /** All that was emitted. */
  get text(): string {
    return this.#text;
  }

  /** The text emitted since the last `beginPart`. */
  get part(): string {
    return this.#text.slice(this.#partStart);
  }

  /** Whether something was emitted, or waits to be, since the last `beginPart`. */
  get hasNew(): boolean {
    return this.#text.length > this.#partStart || this.#pending !== '';
  }

  /** The next text is another answer of the model and gets its own paragraph. */
  beginPart(): void {
    this.#partStart = this.#text.length;
    this.#needsBreak = /\S$/.test(this.#text);
  }

  /** Emits a part again, as it was emitted by an earlier run. */
  repeatPart(part: string): void {
    this.#needsBreak = false;
    this.add(part);
    this.end();
  }

  /** The model went on beyond the longest answer; the rest was dropped. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Takes a piece of the answer; `flush` emits it. */
  add(piece: string): void {
    this.#pending += piece;
  }

  /** Emits what has come since the last time, as one event. */
  flush(): void {
    const pending = this.#pending;
    if (pending === '') return;
    const last = pending.length - 1;
    const isHalf = isHighSurrogate(pending.charCodeAt(last));
    this.#pending = isHalf ? pending.charAt(last) : '';
    this.#send(isHalf ? pending.slice(0, last) : pending);
  }

  /** Emits all that is left: no other half will come. */
  end(): void {
    this.flush();
    this.#send(this.#pending);
    this.#pending = '';
  }

  /** Forgets what was held back by a call that gave nothing. */
  restart(): void {
    this.#pending = '';
  }

  #send(piece: string): void {
    if (piece === '' || this.#isCut) return;
    let text = piece.isWellFormed() ? piece : piece.toWellFormed();
    if (this.#needsBreak) text = `${PART_BREAK}${text}`;
    this.#needsBreak = false;
    if (text.includes('\0')) text = text.replaceAll('\0', '\uFFFD');
    const room = this.#lengthMax - this.#text.length;
    if (text.length > room) {
      this.#isCut = true;
      text = text.slice(0, isHighSurrogate(text.charCodeAt(room - 1)) ? room - 1 : room);
      if (text === '') return;
    }
    this.#text += text;
    this.#emit({ type: 'text-delta', text });
  }
}

/** Between two answers of the model that are one answer to the person. */
const PART_BREAK = '\n\n';

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
