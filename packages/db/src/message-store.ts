import { trusted } from 'mongoose';
import type { Models, TurnDocument } from './models.ts';
import type { ListedMessage, MessagePosition } from './records.ts';
import type { MessageStore } from './store.ts';

const fields = { sequence: 1, status: 1, errorCode: 1, messages: 1, answerId: 1 } as const;

type ListedTurn = Pick<TurnDocument, 'sequence' | 'status' | 'errorCode' | 'messages' | 'answerId'>;
type PlacedMessage = ListedMessage & { readonly position: MessagePosition };

export function createMessageStore({ turns }: Models): MessageStore {
  return {
    async list({ team }, chat, { limit, order, after }) {
      const direction = order === 'asc' ? 1 : -1;
      const bound = order === 'asc' ? '$gte' : '$lte';
      const cursor = turns
        .find({ chat, team, ...(after && { sequence: trusted({ [bound]: after.sequence }) }) }, fields)
        .sort({ sequence: direction })
        .batchSize(Math.min(limit, 500))
        .lean()
        .cursor();
      const items: PlacedMessage[] = [];
      for await (const turn of cursor) {
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
