import type { ChatDocument } from '../chat/chat-model.ts';
import { type BatchBounds, type BatchClock, Batcher, type Outcome } from './batcher.ts';
import { BYTES_PER_UNIT, type InsertOutcome } from './write-batches.ts';

/** The bytes of a chat without its metadata and title. */
const CHAT_BYTES = 1_024;

/** The command that inserts chats. It throws when the outcome of the whole command is unknown. */
export interface ChatInsertCommands {
  insertChats(
    chats: readonly ChatDocument[],
    signal: AbortSignal,
  ): Promise<readonly Outcome<InsertOutcome>[]>;
}

/** Inserts that share commands. */
export interface ChatInserts {
  insert(chat: ChatDocument): Promise<InsertOutcome>;
}

/** Inserts chats in batches. Each chat has an outcome of its own. */
export function createChatInserts(
  { insertChats }: ChatInsertCommands,
  bounds: BatchBounds,
  clock: BatchClock,
): ChatInserts {
  const sizeOf = ({ metadata = '', title = '' }: ChatDocument) =>
    CHAT_BYTES + BYTES_PER_UNIT * (metadata.length + title.length);
  const inserts = new Batcher<ChatDocument, InsertOutcome>({ send: insertChats, sizeOf }, bounds, clock);
  return { insert: (chat) => inserts.add(chat) };
}
