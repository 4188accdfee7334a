import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { commandLine } from './run-parley.ts';
import { screenOf } from './screen.ts';

const TERMINAL = fileURLToPath(new URL('terminal.py', import.meta.url));

/** `parley` in a pseudo-terminal. */
export interface ParleyTerminal {
  /** Types text, which may contain Ctrl-C (`\x03`) and Ctrl-D (`\x04`). */
  type(text: string): void;
  /** Resolves when the screen shows the text. Trailing spaces are ignored. */
  shows(text: string): Promise<void>;
  /** Returns the lines of the screen, including those that were scrolled away. */
  screen(): string[];
  /** Returns all output with its control sequences. */
  written(): string;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts `parley` in a pseudo-terminal, which ends with the test. */
export function openParleyTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ParleyTerminal {
  const line = commandLine(args, { TERM: 'xterm-256color', ...env });
  const child = spawn('python3', [TERMINAL, process.execPath, ...line.argv], { env: line.env });
  onTestFinished(() => void child.kill());
  const waiting = new Set<() => void>();
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      written += text;
      for (const look of [...waiting]) look();
    });
  }
  return {
    type: (text) => void child.stdin.write(text),
    shows: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (!screenOf(written).join('\n').includes(text.trimEnd())) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    screen: () => screenOf(written),
    written: () => written,
    ended: once(child, 'close').then(([code]) => code),
  };
}
