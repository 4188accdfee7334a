/** Finds the end of a JSON value as it grows, by its brackets and quotes alone. Each character is read once. */
export class JsonEnd {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #hasBegun = false;
  #isReached = false;
  #word = '';

  /** Whether the value is complete. Text after it is ignored. */
  get isReached(): boolean {
    return this.#isReached || this.#word === 'null';
  }

  push(text: string): void {
    for (let index = 0; index < text.length && !this.#isReached; index++) {
      if (this.#isInString) this.#takeWithin(text.charCodeAt(index));
      else this.#takeOutside(text.charCodeAt(index));
    }
  }

  #takeWithin(unit: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (unit === BACKSLASH) this.#isEscaped = true;
    else if (unit === QUOTE) {
      this.#isInString = false;
      this.#isReached = this.#depth === 0;
    }
  }

  #takeOutside(unit: number): void {
    if (unit === QUOTE) this.#isInString = true;
    else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) this.#depth++;
    else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) this.#isReached = --this.#depth <= 0;
    else if (!this.#hasBegun || this.#word !== '') this.#takeWord(unit);
    this.#hasBegun ||= unit > 32;
  }

  /** A value without brackets and quotes: only `null` matters, and is shorter than this. */
  #takeWord(unit: number): void {
    if (unit > 32 && this.#word.length < 5) this.#word += String.fromCharCode(unit);
  }
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
