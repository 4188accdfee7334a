import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

/** The input and output of a command. Results go to standard output, notes and errors to standard error. */
export interface Terminal {
  /** True if a person uses both ends: commands may ask questions. */
  readonly isInteractive: boolean;
  /** Writes text to standard output unchanged. */
  write(text: string): void;
  /** Writes a line to standard output. */
  print(line?: string): void;
  /** Writes a line to standard error. */
  say(line: string): void;
  /** Colors text for standard output if it supports colors. */
  paint(style: Style, text: string): string;
  /** Makes text of other people harmless for a terminal. */
  foreign(text: string): string;
}

/** Opens the terminal of this process. */
export function openTerminal({ hasColors }: { readonly hasColors: boolean }): Terminal {
  const { stdin, stdout, stderr } = process;
  const isShown = stdout.isTTY === true;
  // A reader such as `head` may close the pipe early.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  return {
    isInteractive: isShown && stdin.isTTY === true,
    write: (text) => void stdout.write(text),
    print: (line = '') => void stdout.write(`${line}\n`),
    say: (line) => void stderr.write(`${line}\n`),
    paint: (style, text) => (isShown && hasColors ? styleText(style, text, { validateStream: false }) : text),
    foreign: (text) => (isShown ? withoutControls(text) : text),
  };
}

/**
 * Removes control characters from text, which could recolor or hide output or type commands. Keeps line
 * breaks and tabs. Also removes characters that reverse the direction of text.
 */
export function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this function removes control characters.
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');
}
