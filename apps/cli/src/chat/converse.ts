import type { Agent } from '@parley/contract';
import { interrupted } from '../cli-error.ts';
import type { Session } from '../command.ts';
import { printError } from '../print/error.ts';
import { endNoteOf } from '../print/transcript.ts';
import { ask } from './ask.ts';
import { type LineReader, openLineReader } from './line-reader.ts';

/** The chat of a conversation: an existing chat, or one that is created with its first message. */
export interface OpenChat {
  readonly agent: Pick<Agent, 'name'>;
  /** Returns the id, and creates the chat if necessary. */
  chatId(): Promise<string>;
}

/**
 * Runs a conversation until the user leaves with Ctrl-D. Ctrl-C stops the running answer; a second Ctrl-C, or
 * one while no answer is running, leaves.
 *
 * @throws CliError `interrupted` if the user left with Ctrl-C
 */
export async function converse(session: Session, chat: OpenChat): Promise<void> {
  const { terminal } = session;
  terminal.print(terminal.paint('dim', 'Ctrl-C stops an answer, Ctrl-D leaves.'));
  const reader = openLineReader();
  const leaving = Promise.withResolvers<never>();
  let answering: AbortController | undefined;
  reader.onInterrupt(() => {
    if (answering && !answering.signal.aborted) answering.abort();
    else leaving.reject(interrupted());
  });
  const talk = async () => {
    for (
      let line = await nextLine(reader, session);
      line !== undefined;
      line = await nextLine(reader, session)
    ) {
      if (line.trim() === '') continue;
      answering = new AbortController();
      await showAnswer(session, chat, line, answering.signal);
      answering = undefined;
    }
    terminal.print();
  };
  try {
    await Promise.race([talk(), leaving.promise]);
  } finally {
    reader.close();
  }
}

function nextLine(reader: LineReader, { terminal }: Session): Promise<string | undefined> {
  return reader.next(`${terminal.paint('cyan', 'you')} › `);
}

/** Shows an answer or its error. Never throws, so the conversation continues. */
async function showAnswer(
  session: Session,
  chat: OpenChat,
  content: string,
  stop: AbortSignal,
): Promise<void> {
  const { terminal, parley } = session;
  terminal.write(`${terminal.paint('green', terminal.foreign(chat.agent.name))} › `);
  const note = (text: string) => terminal.write(terminal.paint('dim', text));
  let isWaiting = false;
  try {
    const answer = await ask(
      parley,
      { chatId: await chat.chatId(), content },
      {
        text: (piece) => terminal.write(terminal.foreign(piece)),
        restarted: () => note('\n(the answer starts again)\n'),
        waiting: () => {
          if (!isWaiting) note('(the server cannot be reached; trying again) ');
          isWaiting = true;
        },
      },
      stop,
    );
    const end = endNoteOf(answer);
    if (end) note(` (${end})`);
    terminal.print();
  } catch (error) {
    terminal.print();
    printError(terminal, error);
  }
}
