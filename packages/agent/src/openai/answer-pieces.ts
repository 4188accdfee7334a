import type { ModelPiece } from '../model/model.ts';
import { ThinkTags } from './think-tags.ts';

/** Gathers the pieces of one answer, with reasoning in tags kept apart from its text. */
export class AnswerPieces {
  readonly #thinkTags = new ThinkTags();
  #pieces: ModelPiece[] = [];

  push(piece: ModelPiece): void {
    this.#pieces.push(piece);
  }

  pushText(text: string): void {
    if (text === '') return;
    if (this.#thinkTags.isText) this.#pieces.push({ type: 'text', text });
    else this.#pushTaken(this.#thinkTags.take(text));
  }

  pushReasoning(text: string): void {
    if (text !== '') this.#pieces.push({ type: 'reasoning', text });
  }

  /** No text follows: what may have been the beginning of a tag is none. */
  endText(): void {
    if (!this.#thinkTags.isText) this.#pushTaken(this.#thinkTags.finish());
  }

  /** The pieces since the last time. */
  take(): ModelPiece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  #pushTaken({ reasoning, text }: { readonly reasoning: string; readonly text: string }): void {
    this.pushReasoning(reasoning);
    if (text !== '') this.#pieces.push({ type: 'text', text });
  }
}
