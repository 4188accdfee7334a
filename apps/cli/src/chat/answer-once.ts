import { interrupted } from '../cli-error.ts';
import type { Session } from '../command.ts';
import { ask } from './ask.ts';

/**
 * Asks one question and writes its answer to standard output, for pipes. Ctrl-C stops the answer; the text
 * written so far is kept.
 *
 * @throws CliError `interrupted` after Ctrl-C
 */
export async function answerOnce(
  { parley, terminal }: Session,
  message: { readonly chatId: string; readonly content: string },
  { json }: { readonly json?: true },
): Promise<void> {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  // A second Ctrl-C finds no listener and ends the process.
  process.once('SIGINT', onInterrupt);
  const write = (text: string) => (json ? undefined : terminal.write(terminal.foreign(text)));
  try {
    const {
      messageId: id,
      content,
      status,
      finishReason,
    } = await ask(
      parley,
      message,
      { text: write, restarted: () => write('\n'), waiting: () => undefined },
      stop.signal,
    );
    const { chatId } = message;
    if (json) terminal.print(JSON.stringify({ chatId, id, content, status, finishReason }));
    else terminal.print();
    if (status === 'stopped') throw interrupted();
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** Reads all of standard input as one message. */
export async function readMessage(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) text += chunk;
  return text.replace(/\r?\n$/, '');
}
