import { expect } from 'vitest';
import type { Team } from '../../../../apps/server/test/harness.ts';
import { toExchanges } from '../../src/exchange.ts';
import type { ChatView, TranscriptEntry } from '../../src/index.ts';

/** Formats a transcript as lines such as `user: hello`. */
export function linesOf({ entries }: Pick<ChatView, 'entries'>): string[] {
  return entries.map(({ kind, content }) => `${kind}: ${content}`);
}

/** Checks that all answers have ended and no message waits to be sent. */
export function isAtRest(count: number) {
  return ({ entries, running, isLoading }: ChatView) =>
    !isLoading && !running && entries.length === count && entries.every((entry) => !('send' in entry));
}

/** Compares the view with the message list of the server. */
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
