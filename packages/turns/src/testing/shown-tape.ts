import {
  isWholePart,
  markOf,
  moreOf,
  type OpenPart,
  PLAIN_PLACE,
  placeAfter,
  type TapePart,
  tapeOf,
} from '@parley/contract';
import type { ShownPart } from './history.ts';

/** The tape of an answer, as its readers put it together from events. */
export class ShownTape {
  #tape = '';
  #open: OpenPart | undefined = PLAIN_PLACE.open;

  get tape(): string {
    return this.#tape;
  }

  /** Whether its newest part can be continued. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  text(text: string): void {
    this.#more('text', text);
  }

  part(event: ShownPart): void {
    if (event.type === 'reasoning-end') return;
    if (isWholePart(event)) {
      this.#tape += markOf(event);
      this.#open = undefined;
      return;
    }
    const text = event.type === 'reasoning-delta' ? event.text : '';
    this.#more(event.isShown ? 'shown-reasoning' : 'reasoning', text);
  }

  replace(text: string, parts: readonly TapePart[] | undefined): void {
    this.#tape = parts ? tapeOf(parts) : text;
    this.#open = placeAfter(this.#tape)?.open;
  }

  clear(): void {
    this.replace('', undefined);
  }

  #more(part: OpenPart, text: string): void {
    this.#tape += moreOf(part, text, this.#open);
    this.#open = part;
  }
}
