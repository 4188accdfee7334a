import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

/** Where a command reads and writes. What a program wants goes to standard output, what people want to error. */
export interface Terminal {
  /** People sit at both ends: there are questions, colours, and text is made harmless. */
  readonly isInteractive: boolean;
  /** Writes to standard output, as it is. */
  write(text: string): void;
  /** A line on standard output. */
  print(line?: string): void;
  /** A line on standard error. */
  say(line: string): void;
  /** Colours standard output where it has any. */
  paint(style: Style, text: string): string;
  /** Text that somebody else wrote, so that it can do no more than be read. */
  foreign(text: string): string;
}

export function openTerminal({ hasColors }: { readonly hasColors: boolean }): Terminal {
  const { stdin, stdout, stderr } = process;
  const isShown = stdout.isTTY === true;
  // Whoever takes only the first lines (`| head`) has seen enough.
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
 * Text without what a terminal would obey: an answer could colour, hide or type. Lines and tabs stay. Also the marks
 * that turn the direction of what follows.
 */
export function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');
}
