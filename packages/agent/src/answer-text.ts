import type { AgentEvent } from './agent.ts';

/**
 * The text of an answer as it grows, exactly as it was emitted. It is always well-formed Unicode without NUL, like
 * every text in Parley; other code units are replaced by U+FFFD. If a surrogate pair is split over two pieces, its
 * first half is held back until the second arrives.
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

  /** The whole emitted text. */
  get text(): string {
    return this.#text;
  }

  /** The text emitted since the last `beginPart`. */
  get part(): string {
    return this.#text.slice(this.#partStart);
  }

  /** Whether text was emitted, or is held back, since the last `beginPart`. */
  get hasNew(): boolean {
    return this.#text.length > this.#partStart || this.#pending !== '';
  }

  /** Begins a part: the next text is a new answer of the model and starts a new paragraph. */
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

  /** The model exceeded the maximum length; the rest was dropped. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Appends a piece of the answer; `flush` emits it. */
  add(piece: string): void {
    this.#pending += piece;
  }

  /** Emits all text since the last flush, as one event. */
  flush(): void {
    if (this.#pending === '') return;
    const { whole, half } = splitHalf(this.#pending);
    this.#pending = half;
    this.#send(whole);
  }

  /** Emits the rest. A half surrogate pair that is held back will not be completed. */
  end(): void {
    this.flush();
    this.#send(this.#pending);
    this.#pending = '';
  }

  /** Discards text that was held back by a failed call. */
  restart(): void {
    this.#pending = '';
  }

  #send(piece: string): void {
    if (piece === '' || this.#isCut) return;
    let text = toStoredText(piece);
    if (this.#needsBreak) text = `${PART_BREAK}${text}`;
    this.#needsBreak = false;
    const room = this.#lengthMax - this.#text.length;
    if (text.length > room) {
      this.#isCut = true;
      text = splitHalf(text.slice(0, room)).whole;
      if (text === '') return;
    }
    this.#text += text;
    this.#emit({ type: 'text-delta', text });
  }
}

/** The text with U+FFFD in place of what no text in Parley has: lone surrogates and NUL. */
export function toStoredText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\uFFFD') : wellFormed;
}

/** Separates two answers of the model that the reader sees as one. */
const PART_BREAK = '\n\n';

/** Splits off the first half of a surrogate pair at the end. */
export function splitHalf(text: string): { readonly whole: string; readonly half: string } {
  const unit = text.charCodeAt(text.length - 1);
  if (unit >= 0xd800 && unit <= 0xdbff) return { whole: text.slice(0, -1), half: text.slice(-1) };
  return { whole: text, half: '' };
}
