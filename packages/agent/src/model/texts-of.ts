import type { ModelMessage } from './model.ts';

/** The texts of messages, which a server's error message in a log must not quote. */
export function textsOf(messages: readonly ModelMessage[]): string[] {
  return messages.flatMap((message) => [
    message.content,
    ...('calls' in message ? message.calls.map((call) => call.arguments) : []),
  ]);
}
