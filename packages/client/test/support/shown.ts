import { expect } from 'vitest';
import type { Team } from '../../../../apps/server/test/harness.ts';
import { toExchanges } from '../../src/exchange.ts';
import type { ChatView, TranscriptEntry } from '../../src/index.ts';

/** A transcript as a person reads it: `user: hello`. */
export function linesOf({ entries }: Pick<ChatView, 'entries'>): string[] {
  return entries.map(({ kind, content }) => `${kind}: ${content}`);
}

/** Whether every answer has ended, and nothing waits to be sent. */
export function isAtRest(count: number) {
  return ({ entries, running, isLoading }: ChatView) =>
    !isLoading && !running && entries.length === count && entries.every((entry) => !('send' in entry));
}

/** Holds what is shown against the list, read anew. */
export async function expectShowsList(team: Team, chatId: string, view: ChatView): Promise<void> {
  const { messages } = await team.trpc.message.list.query({ chatId });
  const listed = toExchanges(messages).flatMap(({ user, answer }) =>
    answer && (answer.status !== 'stopped' || answer.content !== '') ? [user, answer] : [user],
  );
  expect(view.entries.map(withoutKey)).toEqual(listed.map((entry) => entry && withoutKey(entry)));
}

function withoutKey({ key: _, ...entry }: TranscriptEntry) {
  return entry;
}
