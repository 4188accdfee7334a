import type { Id } from '@parley/contract';
import type { ChangesAfter, FoundChanges } from './chat-change-records.ts';

/**
 * Which chats changed in the last hour, so that lists can be followed. A change is written after the chat itself has
 * changed: a reader that finds it also finds the new state.
 */
export interface ChatChangeStore {
  /**
   * Announces that these chats changed, to the readers of the lists that contain them. Returns the teams that have such a
   * list. Deleted chats are left out: their deletion announces itself.
   */
  announce(chats: readonly Id<'chat'>[]): Promise<Id<'team'>[]>;
  /** The changes in several lists, read with one command. Each reader gets those of its own scope. */
  listAfter(asked: readonly ChangesAfter[]): Promise<FoundChanges[]>;
  /** The database's time. */
  now(): Promise<Date>;
}
