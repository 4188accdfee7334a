import type { Message } from '@parley/contract';
import type { Terminal } from '../terminal.ts';

/** Prints messages with their author and status. */
export function printTranscript(terminal: Terminal, messages: readonly Message[], agentName = 'agent'): void {
  for (const message of messages) {
    const { role, content } = message;
    const name = role === 'user' ? 'you' : agentName;
    const note = role === 'user' ? userNote(message) : endNoteOf(message);
    terminal.print();
    terminal.print(terminal.paint('bold', name) + (note ? terminal.paint('dim', ` (${note})`) : ''));
    terminal.print(terminal.foreign(content));
  }
}

/** Returns why an answer is incomplete, or undefined if it is complete. */
export function endNoteOf({
  status,
  finishReason,
}: Pick<Message, 'status' | 'finishReason'>): string | undefined {
  if (status === 'stopped') return 'stopped';
  if (finishReason === 'length') return 'cut at the length limit';
  return finishReason === 'content_filter' ? 'ended by a content filter' : undefined;
}

function userNote({ status, errorCode }: Message): string | undefined {
  return errorCode ?? (status === 'completed' ? undefined : status);
}
