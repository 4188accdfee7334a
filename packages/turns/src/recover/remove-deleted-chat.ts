import type { Id } from '@parley/contract';
import type { Stores } from '@parley/db';
import type { Clock } from '@parley/quota';
import { ConflictBackoff } from '../accept/conflict-backoff.ts';

/** The dependencies of removing a chat that is marked deleted. */
export interface ChatRemover {
  readonly store: { readonly chats: Pick<Stores['chats'], 'insertMarker' | 'purge'> };
  readonly clock: Clock;
}

/**
 * Inserts the marker of a chat that is marked deleted, after every turn that was accepted before it. No turn of the
 * chat is removed before that, so the marker comes after every turn that the chat ever had.
 *
 * @throws ApiError `database_unavailable` when the insert fails; the recovery loop then inserts the marker
 */
export async function insertMarker({ store, clock }: ChatRemover, chat: Id<'chat'>): Promise<void> {
  // Only messages that were sent before the chat was marked can take a sequence number, so conflicts end soon.
  const backoff = new ConflictBackoff(clock);
  while (!(await store.chats.insertMarker(chat))) await backoff.pause();
}

/**
 * Finishes the deletion of a chat that is marked deleted: its marker first, then its turns and everything else.
 * Repeatable, by any number of processes.
 */
export async function removeDeletedChat(remover: ChatRemover, chat: Id<'chat'>): Promise<void> {
  await insertMarker(remover, chat);
  await remover.store.chats.purge(chat);
}
