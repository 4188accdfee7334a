import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { commandLine } from './run-parley.ts';
import { screenOf } from './screen.ts';

const TERMINAL = fileURLToPath(new URL('terminal.py', import.meta.url));

/** `parley` in a terminal, as a person uses it. */
export interface ParleyTerminal {
  /** Types, and what is typed may be Ctrl-C (`\x03`) and Ctrl-D (`\x04`). */
  type(text: string): void;
  /** Resolves once the screen shows this; blanks at its end do not count. */
  shows(text: string): Promise<void>;
  /** What the screen shows now, with all that was scrolled away. */
  screen(): string[];
  /** All that was written, colours and moves included. */
  written(): string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

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
