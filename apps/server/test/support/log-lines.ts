import type { DestinationStream } from 'pino';

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Stores the log lines and notifies waiters of new ones. */
export class LogLines implements DestinationStream {
  readonly #lines: LogLine[] = [];
  readonly #waiting = new Set<() => void>();
  #text = '';

  write(text: string): void {
    this.#text += text;
    this.#lines.push(JSON.parse(text) as LogLine);
    for (const look of [...this.#waiting]) look();
  }

  /** The whole log as an operator reads it. */
  get text(): string {
    return this.#text;
  }

  all(accepts: (line: LogLine) => boolean = () => true): LogLine[] {
    return this.#lines.filter(accepts);
  }

  /** The first matching line, present or future. */
  async find(accepts: (line: LogLine) => boolean): Promise<LogLine> {
    return await this.#findFrom(0, accepts);
  }

  /** The next matching line. */
  async next(accepts: (line: LogLine) => boolean): Promise<LogLine> {
    return await this.#findFrom(this.#lines.length, accepts);
  }

  async #findFrom(start: number, accepts: (line: LogLine) => boolean): Promise<LogLine> {
    return await new Promise((resolve) => {
      const look = () => {
        const found = this.#lines.slice(start).find(accepts);
        if (!found) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
