import { compactAs, type Id } from '@parley/contract';
import { trusted } from 'mongoose';
import type { TurnPages } from '../batching/turn-pages.ts';
import type { Models } from '../models.ts';
import { fromErrorFields } from '../turn/stored-error-code.ts';
import { toTape } from '../turn/stored-parts.ts';
import type { TurnStatus } from '../turn/turn-status.ts';
import { type ListedTurn, listedFields } from './listed-turn.ts';
import type { MessageStore } from './message-port.ts';
import type { ListedMessage, MessagePosition } from './message-records.ts';

type PlacedMessage = ListedMessage & { readonly position: MessagePosition };

/** The maximum number of turns that one query reads. */
const TURNS_PAGE_MAX = 500;

/** The number of turns that a list reads first, together with other lists. Most chats have no more. */
const FIRST_TURNS = 32;

/**
 * Creates the store of messages, which reads them from the documents of their turns. The beginnings of lists are read
 * through `pages`, in batches.
 */
export function createMessageStore({ turns }: Models, pages: TurnPages): MessageStore {
  /** Messages are read page by page, because a cursor that is not read to its end would stay open on the server. */
  async function* readTurns(filter: { chat: Id<'chat'>; team: Id<'team'> }, from: number, page: PageOrder) {
    const { direction, size } = page;
    const operator = direction === 1 ? '$gte' : '$lte';
    let next = from;
    if (direction === 1) {
      const before = from + Math.min(size, FIRST_TURNS);
      const first = await pages.read({ ...filter, from, before });
      yield* first;
      if (first.length < before - from) {
        // Nothing follows, unless an import left a gap in the sequences of the chat.
        yield* await pages.read({ ...filter, from: before, before: Number.MAX_SAFE_INTEGER });
        return;
      }
      next = before;
    }
    for (;;) {
      const found: ListedTurn[] = await turns
        .find({ ...filter, sequence: trusted({ [operator]: next }) }, listedFields)
        .sort({ sequence: direction })
        .limit(size)
        .lean();
      yield* found;
      const last = found.at(-1);
      if (!last || found.length < size) return;
      next = last.sequence + direction;
    }
  }

  return {
    async list({ chat: { id: chat, team } }, { limit, order, after }) {
      const direction = order === 'asc' ? 1 : -1;
      const from = after?.sequence ?? (order === 'asc' ? 1 : Number.MAX_SAFE_INTEGER);
      const items: PlacedMessage[] = [];
      // Most turns have a message and its answer. One more message shows whether the list continues, and the turn behind
      // it shows that it has no retries.
      const size = Math.min(Math.ceil(limit / 2) + 2, TURNS_PAGE_MAX);
      const found = readTurns({ chat, team }, from, { direction, size });
      for await (const group of grouped(found, direction)) {
        const messages = messagesOf(group);
        if (order === 'desc') messages.reverse();
        items.push(...messages.filter((message) => isAfter(message.position, after, direction)));
        if (items.length > limit) break;
      }
      const page = items.slice(0, limit);
      const last = page.at(-1);
      return items.length > limit && last ? { items: page, next: last.position } : { items: page };
    },
  };
}

/** A failed turn and its retries form a group: they answer one message. Oldest first. */
async function* grouped(found: AsyncIterable<ListedTurn>, direction: 1 | -1): AsyncGenerator<ListedTurn[]> {
  let group: ListedTurn[] = [];
  for await (const turn of found) {
    const isFirst = !turn.retryOf;
    if (direction === 1 && isFirst && group.length > 0) {
      yield group;
      group = [];
    }
    group = direction === 1 ? [...group, turn] : [turn, ...group];
    if (direction === -1 && isFirst) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}

interface PageOrder {
  readonly direction: 1 | -1;
  /** The number of turns. */
  readonly size: number;
}

/**
 * The listed messages of a group, which is a message and the turns that answered it, oldest first: the message with the
 * status of its newest turn, and the answer of that turn once it has ended with text.
 */
function messagesOf(group: readonly ListedTurn[]): PlacedMessage[] {
  const newest = group.at(-1);
  if (!newest) return [];
  const isAnswered = newest.messages.some(({ id }) => id === newest.answerId);
  return group.flatMap((turn) =>
    turn.messages
      .filter(({ id, role }) => role === 'user' || id === newest.answerId)
      .map(({ id, role, content, parts, files, finishReason, createdAt }) => {
        const shown = role === 'user' ? newest : turn;
        return compactAs<PlacedMessage>({
          ...{ id, role, content, tape: parts && toTape(content, parts), files, finishReason, createdAt },
          ...{ status: statusOf(shown), errorCode: fromErrorFields(shown), retryAt: shown.retryAt },
          ...{ answerId: shown.answerId, isAnswered },
          position: { sequence: turn.sequence, role },
        });
      }),
  );
}

/** A queued turn that is cancelled is shown as stopped: it ends as soon as it would start. */
function statusOf({ status, isCancelled }: ListedTurn): TurnStatus {
  return status === 'queued' && isCancelled ? 'stopped' : status;
}

function isAfter(position: MessagePosition, after: MessagePosition | undefined, direction: 1 | -1): boolean {
  if (!after || position.sequence !== after.sequence) return true;
  return direction * (rank(position) - rank(after)) > 0;
}

function rank({ role }: MessagePosition): number {
  return role === 'user' ? 0 : 1;
}
