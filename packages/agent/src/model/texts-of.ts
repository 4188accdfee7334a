import type { ModelMessage } from './model.ts';

/** The texts of messages: what a server's own sentence must not quote in a log. */
export function textsOf(messages: readonly ModelMessage[]): string[] {
  return messages.flatMap((message) => [
    message.content,
    ...('calls' in message ? message.calls.map((call) => call.arguments) : []),
  ]);
}
