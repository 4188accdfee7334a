/** The time of day, which differs between two runs of a schedule. */
const DATE = /\b\d{4}-\d\d-\d\dT[\d:.]+Z/g;
const ID = /\b(turn|msg|chat|req|agent|team)_[0-9a-z]{28}\b/g;

/** The events of a run, line by line, with ids that are the same each time. */
export class Trace {
  readonly lines: string[] = [];
  readonly #names = new Map<string, string>();

  add(now: number, line: string): void {
    const named = line.replace(DATE, '(time)').replace(ID, (id, noun) => this.#nameOf(id, noun));
    this.lines.push(`${now.toFixed(1).padStart(9)} ${named}`);
  }

  /** A short name of an id. A turn and its answer have the same suffix, so they get the same number. */
  #nameOf(id: string, noun: string): string {
    const tail = id.slice(noun.length + 1);
    const number = this.#names.get(tail) ?? String(this.#names.size + 1);
    this.#names.set(tail, number);
    return `${noun}${number}`;
  }
}
