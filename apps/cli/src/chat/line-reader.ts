import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Lines that a person types, also ahead of their time. */
export interface LineReader {
  /** The next line; undefined when the input has ended (Ctrl-D). What is typed shows only while one is waited for. */
  next(prompt: string): Promise<string | undefined>;
  /** Called at each Ctrl-C. */
  onInterrupt(listener: () => void): void;
  close(): void;
}

/**
 * Reads from the terminal. It listens all the time, for Ctrl-C above all; what is typed while an answer is being written
 * must not show in the middle of it, and is not lost.
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
