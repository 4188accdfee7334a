/** No server cuts a name into more parts than this; repetitions count once. */
const PARTS_MAX = 16;

/** The name of a tool, assembled from its parts: complete, in pieces, or repeated with each piece of the call. */
export class NameParts {
  /** Names that the parts can form. */
  #candidates: ReadonlySet<string> = new Set();
  #first = '';
  #parts = 0;

  get isGiven(): boolean {
    return this.#parts > 0;
  }

  /** Whether the first part is this text. */
  is(name: string): boolean {
    return this.#first === name;
  }

  isSame(other: NameParts): boolean {
    return this.#first === other.#first;
  }

  add(part: string): void {
    if (this.#parts === 0) {
      this.#first = part;
      this.#candidates = new Set([part]);
    } else if (this.#parts < PARTS_MAX || !this.#candidates.has(part)) {
      this.#candidates = new Set([...this.#candidates].flatMap((name) => continued(name, part)));
    }
    this.#parts++;
  }

  /** The only tool that the parts can name; otherwise their text, which names no tool, so that the call fails. */
  resolve(tools: ReadonlyMap<string, unknown>): string {
    const known = [...this.#candidates].filter((name) => tools.has(name));
    const [only] = known;
    if (only !== undefined && known.length === 1) return only.toWellFormed();
    const text = [...this.#candidates].at(0) ?? '';
    return known.length > 1 ? `${text} (ambiguous)` : text.toWellFormed();
  }
}

/** A part that equals the name so far may repeat it or continue it. */
function continued(name: string, part: string): string[] {
  const longer = (name + part).slice(0, 256);
  return name === part ? [name, longer] : [longer];
}
