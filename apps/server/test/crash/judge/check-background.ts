import type { Chat } from '@parley/contract';
import type { ObservedTurn } from './history.ts';

/** A chat as a list shows it. */
export type ShownChat = Pick<Chat, 'id' | 'title' | 'updatedAt' | 'isAnswering'>;

/** The results of background writes in the end: the lists of chats, and the entries of searches. */
export interface Background {
  readonly turns: readonly ObservedTurn[];
  /** The list of each server, the last used chat first. */
  readonly lists: readonly { readonly server: string; readonly chats: readonly ShownChat[] }[];
  /** The chats that a follower of the list shows, after any number of connections. */
  readonly followed: readonly ShownChat[];
  /** The turns whose words are stored. */
  readonly searchable: ReadonlySet<string>;
}

/**
 * Checks what is written in the background: each use of a chat is in the list, which has the last used chat first, the events of
 * the list lead its follower to the same, and the words of each ended turn are stored.
 */
export function checkBackground({ turns, lists, followed, searchable }: Background): string[] {
  return [
    ...lists.flatMap(({ server, chats }) => [
      ...checkUses(server, chats, turns),
      ...checkOrder(server, chats),
      ...checkFollowed(server, chats, followed),
    ]),
    ...turns
      .filter((turn) => turn.endedAt !== undefined && hasWords(turn) && !searchable.has(turn.id))
      .map(({ id, chat }) => `${id} of ${chat} has ended, and no search finds it`),
  ];
}

function checkUses(server: string, chats: readonly ShownChat[], turns: readonly ObservedTurn[]): string[] {
  const listed = new Map(chats.map((chat) => [chat.id as string, chat]));
  return [...Map.groupBy(turns, ({ chat }) => chat)].flatMap(([id, ofChat]) => {
    const chat = listed.get(id);
    if (!chat) return [`server ${server} does not list ${id}`];
    const last = Math.max(...ofChat.map(({ createdAt, endedAt = createdAt }) => endedAt));
    const use = Date.parse(chat.updatedAt);
    const isOver = ofChat.every(({ endedAt }) => endedAt !== undefined);
    return [
      ...(use >= last ? [] : [`server ${server} lists ${id} as used at ${use}; it was used at ${last}`]),
      ...(isOver && chat.isAnswering ? [`server ${server} lists ${id} as being answered`] : []),
    ];
  });
}

function checkOrder(server: string, chats: readonly ShownChat[]): string[] {
  const uses = chats.map(({ updatedAt }) => updatedAt);
  const isSorted = uses.every((use, index) => index === 0 || use <= (uses[index - 1] ?? ''));
  return isSorted ? [] : [`server ${server} does not list the last used chat first: ${uses}`];
}

function checkFollowed(
  server: string,
  chats: readonly ShownChat[],
  followed: readonly ShownChat[],
): string[] {
  const listed = linesOf(chats);
  const shown = linesOf(followed);
  return [
    ...[...listed].filter((line) => !shown.has(line)).map((line) => `the follower of the list lacks ${line}`),
    ...[...shown]
      .filter((line) => !listed.has(line))
      .map((line) => `the follower of the list shows ${line}, and server ${server} does not list it`),
  ];
}

function linesOf(chats: readonly ShownChat[]): ReadonlySet<string> {
  return new Set(
    chats.map(({ id, title, updatedAt, isAnswering }) =>
      [id, JSON.stringify(title), updatedAt, isAnswering ? 'being answered' : 'at rest'].join(' '),
    ),
  );
}

/** A retry stores only its answer. */
function hasWords({ userMessage, answer }: ObservedTurn): boolean {
  return userMessage !== undefined || (answer !== undefined && /[\p{L}\p{N}]/u.test(answer.content));
}
