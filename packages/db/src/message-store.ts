import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import type { Models, TurnDocument } from './models.ts';
import type { ListedMessage, MessagePosition } from './records.ts';
import type { MessageStore } from './store.ts';

const fields = { sequence: 1, status: 1, errorCode: 1, messages: 1, answerId: 1 } as const;

type ListedTurn = Pick<TurnDocument, 'sequence' | 'status' | 'errorCode' | 'messages' | 'answerId'>;
type PlacedMessage = ListedMessage & { readonly position: MessagePosition };

/** How many turns one query brings. */
const TURNS_PAGE = 500;

export function createMessageStore({ turns }: Models): MessageStore {
  /** Page by page: a cursor that is left before its end would stay open on the server. */
  async function* readTurns(filter: { chat: Id<'chat'>; team: Id<'team'> }, from: number, page: PageOrder) {
    const { direction, size } = page;
    const operator = direction === 1 ? '$gte' : '$lte';
    for (let next = from; ; ) {
      const found: ListedTurn[] = await turns
        .find({ ...filter, sequence: trusted({ [operator]: next }) }, fields)
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
    async list({ team }, chat, { limit, order, after }) {
      const direction = order === 'asc' ? 1 : -1;
      const from = after?.sequence ?? (order === 'asc' ? 1 : Number.MAX_SAFE_INTEGER);
      const items: PlacedMessage[] = [];
      const size = Math.min(limit + 1, TURNS_PAGE);
      for await (const turn of readTurns({ chat, team }, from, { direction, size })) {
        const messages = messagesOf(turn);
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

interface PageOrder {
  readonly direction: 1 | -1;
  /** Turns. */
  readonly size: number;
}

/** What a list shows of a turn: the user's message always, the answer once it has ended with text. */
function messagesOf(turn: ListedTurn): PlacedMessage[] {
  const { sequence, status, errorCode } = turn;
  return turn.messages
    .filter(({ id, role }) => role === 'user' || id === turn.answerId)
    .map(({ id, role, content, createdAt }) => ({
      id,
      role,
      content,
      createdAt,
      status,
      ...(errorCode !== undefined && { errorCode }),
      position: { sequence, role },
    }));
}

function isAfter(position: MessagePosition, after: MessagePosition | undefined, direction: 1 | -1): boolean {
  if (!after || position.sequence !== after.sequence) return true;
  return direction * (rank(position) - rank(after)) > 0;
}

function rank({ role }: MessagePosition): number {
  return role === 'user' ? 0 : 1;
}
