import type { Message } from '@parley/contract';
import type { Terminal } from '../terminal.ts';

/** Prints messages with their author and status. */
export function printTranscript(terminal: Terminal, messages: readonly Message[], agentName = 'agent'): void {
  for (const { role, content, status, errorCode } of messages) {
    const name = role === 'user' ? 'you' : agentName;
    const note = role === 'assistant' && status !== 'stopped' ? undefined : (errorCode ?? statusNote(status));
    terminal.print();
    terminal.print(terminal.paint('bold', name) + (note ? terminal.paint('dim', ` (${note})`) : ''));
    terminal.print(terminal.foreign(content));
  }
}

function statusNote(status: Message['status']): string | undefined {
  return status === 'completed' ? undefined : status;
}
