const OPEN = '<think>';
const CLOSE = '</think>';

/** Splits text into reasoning and answer. */
interface Taken {
  readonly reasoning: string;
  readonly text: string;
}

/**
 * Separates the reasoning that some models write between `<think>` and `</think>` at the beginning of their answer.
 * The same tags anywhere else are text.
 */
export class ThinkTags {
  #state: 'beginning' | 'thinking' | 'after' | 'text' = 'beginning';
  /** Text that may be a part of a tag. */
  #held = '';

  /** Whether all further text belongs to the answer, so that `take` need not be called any more. */
  get isText(): boolean {
    return this.#state === 'text';
  }

  take(piece: string): Taken {
    const held = this.#held + piece;
    this.#held = '';
    switch (this.#state) {
      case 'beginning':
        return this.#begin(held);
      case 'thinking':
        return this.#think(held);
      case 'after':
        return this.#endBlank(held);
      case 'text':
        return { reasoning: '', text: held };
    }
  }

  /** Returns the text that is held back, after the last piece. */
  finish(): Taken {
    const held = this.#held;
    this.#held = '';
    return this.#state === 'thinking' ? { reasoning: held, text: '' } : { reasoning: '', text: held };
  }

  #begin(text: string): Taken {
    const start = text.trimStart();
    if (start.startsWith(OPEN)) {
      this.#state = 'thinking';
      return this.#think(start.slice(OPEN.length));
    }
    if (OPEN.startsWith(start)) {
      this.#held = text;
      return NOTHING;
    }
    this.#state = 'text';
    return { reasoning: '', text };
  }

  #think(text: string): Taken {
    const end = text.indexOf(CLOSE);
    if (end === -1) {
      const kept = lengthOfBegunTag(text);
      this.#held = text.slice(text.length - kept);
      return { reasoning: text.slice(0, text.length - kept), text: '' };
    }
    this.#state = 'after';
    const rest = this.#endBlank(text.slice(end + CLOSE.length));
    return { reasoning: text.slice(0, end), text: rest.text };
  }

  /** The blank lines after the reasoning are dropped. */
  #endBlank(text: string): Taken {
    const start = text.trimStart();
    if (start !== '') this.#state = 'text';
    return { reasoning: '', text: start };
  }
}

const NOTHING: Taken = { reasoning: '', text: '' };

/** Returns how many characters at the end of a text may belong to a closing tag that is not complete yet. */
function lengthOfBegunTag(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(CLOSE.slice(0, length))) return length;
  }
  return 0;
}
