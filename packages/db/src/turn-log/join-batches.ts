import { placeAfter, type TapePlace } from '@parley/contract';
import type { LogBatch, LoggedTape } from './turn-log-port.ts';

type Piece = Pick<LogBatch, 'to' | 'text' | 'place'>;

/** Joins the pieces of one run from an offset on, in the order of the log, up to the first gap. */
export class JoinedBatches {
  #text = '';
  #place: TapePlace | undefined;
  #at: number;
  #isBegun = false;
  #isWithinMark = false;

  constructor(from: number) {
    this.#at = from;
  }

  /** The end of the joined pieces. */
  get at(): number {
    return this.#at;
  }

  get tape(): LoggedTape {
    return {
      text: this.#text,
      ...(this.#place && { place: this.#place }),
      ...(this.#isWithinMark && { isWithinMark: true }),
    };
  }

  /** Adds the next piece. False if it does not continue the pieces before it. */
  add({ to, text, place }: Piece): boolean {
    const begin = to - text.length;
    if (begin > this.#at) return false;
    const known = this.#at - begin;
    if (!this.#isBegun) this.#begin(text.slice(0, known), place);
    if (this.#isWithinMark) return false;
    this.#text += text.slice(known);
    this.#at = to;
    return true;
  }

  /** The first piece says where in the tape the text begins. Without marks it begins in the text. */
  #begin(known: string, place: TapePlace | undefined): void {
    this.#isBegun = true;
    if (!place) return;
    this.#place = placeAfter(known, place);
    this.#isWithinMark = this.#place === undefined;
  }
}
