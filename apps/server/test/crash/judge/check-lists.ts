import type { CellHistory, ObservedTurn } from './history.ts';

/** Checks that each server lists what is stored: every message once, in order, every answer once. */
export function checkLists({ lists, turns }: CellHistory): string[] {
  const turnsOf = Map.groupBy(turns, ({ chat }) => chat);
  return lists.flatMap(({ server, chat, messages }) => {
    const stored = (turnsOf.get(chat) ?? []).toSorted((one, other) => one.sequence - other.sequence);
    const expected = write(stored.flatMap(messagesOf));
    const listed = write(messages);
    return listed === expected ? [] : [`server ${server} lists ${chat} as ${listed}; stored is ${expected}`];
  });
}

function messagesOf({ userMessage, answer }: ObservedTurn) {
  return [
    ...(userMessage ? [{ role: 'user', ...userMessage }] : []),
    ...(answer ? [{ role: 'assistant', ...answer }] : []),
  ];
}

function write(
  messages: readonly { readonly id: string; readonly role: string; readonly content: string }[],
): string {
  return messages.map(({ id, role, content }) => `${role} ${id} "${content}"`).join(' | ');
}
