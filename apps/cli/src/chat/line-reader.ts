import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Reads the lines that a user types, including those typed ahead. */
export interface LineReader {
  /**
   * Returns the next line, or undefined at the end of the input (Ctrl-D). Input is only echoed while a line
   * is awaited.
   */
  next(prompt: string): Promise<string | undefined>;
  /** Calls `listener` at each Ctrl-C. */
  onInterrupt(listener: () => void): void;
  close(): void;
}

/**
 * Opens a reader on the terminal. It always listens, so that Ctrl-C works during an answer. Lines typed
 * during an answer are not echoed into it, and are not lost.
 */
export function openLineReader(): LineReader {
  let isQuiet = true;
  let isOver = false;
  const ahead: string[] = [];
  let waiting: ((line: string | undefined) => void) | undefined;
  const output = new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      if (!isQuiet) process.stdout.write(chunk);
      done();
    },
  });
  Object.defineProperty(output, 'columns', { get: () => process.stdout.columns });
  const lines = createInterface({ input: process.stdin, output, terminal: true });

  const give = (line: string | undefined) => {
    isQuiet = true;
    waiting?.(line);
    waiting = undefined;
  };
  lines.on('line', (line) => (waiting ? give(line) : ahead.push(line)));
  lines.on('close', () => {
    isOver = true;
    give(undefined);
  });
  return {
    next(prompt) {
      return new Promise((resolve) => {
        isQuiet = false;
        lines.setPrompt(prompt);
        const line = ahead.shift();
        if (line !== undefined) process.stdout.write(`${prompt}${line}\n`);
        else if (!isOver) lines.prompt(true);
        waiting = resolve;
        if (line !== undefined || isOver) give(line);
      });
    },
    onInterrupt: (listener) => void lines.on('SIGINT', listener),
    close: () => lines.close(),
  };
}
