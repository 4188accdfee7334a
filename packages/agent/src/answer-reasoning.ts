import type { AgentEvent } from './agent.ts';
import { splitHalf, toStoredText } from './answer-text.ts';

/**
 * The reasoning of an answer as it grows, exactly as it was emitted, under the rules of `AnswerText`. Reasoning beyond its
 * maximum length is dropped, and the answer goes on.
 */
export class AnswerReasoning {
  readonly #emit: (event: AgentEvent) => void;
  readonly #lengthMax: number;
  /** Whether the agent shows its reasoning. */
  readonly #isShown: boolean;
  #length = 0;
  #part = '';
  #pending = '';

  /** `lengthMax` is in UTF-16 units, for the whole answer. */
  constructor(emit: (event: AgentEvent) => void, isShown: boolean, lengthMax: number) {
    this.#emit = emit;
    this.#isShown = isShown;
    this.#lengthMax = lengthMax;
  }

  /** The reasoning emitted since the last `beginPart`. */
  get part(): string {
    return this.#part;
  }

  /** Whether readers may have received reasoning since the last `beginPart`. */
  get wasShown(): boolean {
    return this.#isShown && this.#part !== '';
  }

  /** Begins a part: the next reasoning belongs to a new answer of the model. */
  beginPart(): void {
    this.#part = '';
    this.restart();
  }

  /** Discards what was held back by a failed call. */
  restart(): void {
    this.#pending = '';
  }

  /** Emits the reasoning of an earlier step again, as it was emitted by an earlier run. */
  repeatPart(part: string): void {
    this.add(part);
    this.flush();
  }

  /** Appends a piece; `flush` emits it. */
  add(piece: string): void {
    this.#pending += piece;
  }

  /** Emits all reasoning since the last flush, as one event. The first half of a surrogate pair is held back. */
  flush(): void {
    if (this.#pending === '') return;
    const { whole, half } = splitHalf(this.#pending);
    this.#pending = half;
    const text = this.#within(toStoredText(whole));
    if (text === '') return;
    this.#length += text.length;
    this.#part += text;
    this.#emit({ type: 'reasoning-delta', text, isShown: this.#isShown });
  }

  #within(text: string): string {
    const room = this.#lengthMax - this.#length;
    if (text.length <= room) return text;
    this.#length = this.#lengthMax;
    return splitHalf(text.slice(0, room)).whole;
  }
}
