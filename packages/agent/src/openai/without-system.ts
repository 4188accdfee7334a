import type { ModelMessage } from '../model/model.ts';

/**
 * The conversation for a server without a system role: the system prompt becomes the beginning of the first user
 * message.
 */
export function withoutSystem(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  const [system, first, ...rest] = messages;
  if (system?.role !== 'system' || first?.role !== 'user') return messages;
  return [{ ...first, content: `${system.content}\n\n${first.content}` }, ...rest];
}
