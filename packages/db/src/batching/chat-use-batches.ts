import type { ChatUse } from '../chat/chat-records.ts';
import { type BatchBounds, type BatchClock, Batcher, type Outcome } from './batcher.ts';

/** Bytes of the update of one chat. */
const USE_BYTES = 256;

/** The command that notes when chats were used. It throws when the outcome of the whole command is unknown. */
export interface ChatUseCommands {
  /** Raises the times and sequences of these chats, and changes no deleted one. Answers one outcome per use. */
  noteUses(uses: readonly ChatUse[], signal: AbortSignal): Promise<readonly Outcome<void>[]>;
}

/** Uses of chats that travel together. */
export interface ChatUseBatches {
  noteUse(use: ChatUse): Promise<void>;
}

/** Notes uses of chats in batches. */
export function createChatUseBatches(
  { noteUses }: ChatUseCommands,
  bounds: BatchBounds,
  clock: BatchClock,
): ChatUseBatches {
  const uses = new Batcher<ChatUse, void>({ send: noteUses, sizeOf: () => USE_BYTES }, bounds, clock);
  return { noteUse: (use) => uses.add(use) };
}
