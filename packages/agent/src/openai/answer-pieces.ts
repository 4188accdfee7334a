import type { ModelPiece } from '../model/model.ts';
import { ThinkTags } from './think-tags.ts';
import { sourcesIn } from './wire-sources.ts';

/** Collects the pieces of one answer, and separates reasoning in tags from its text. */
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

  /** Adds the web pages among the annotations of a text. */
  pushSources(annotations: unknown): void {
    for (const source of sourcesIn(annotations)) this.#pieces.push({ type: 'source', ...source });
  }

  /** No text follows, so text that looked like the beginning of a tag is not one. */
  endText(): void {
    if (!this.#thinkTags.isText) this.#pushTaken(this.#thinkTags.finish());
  }

  /** Returns the pieces since the last call. */
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
