import { ApiError, type Id } from '@parley/contract';
import type { DeletionRecord, DeletionStore } from '@parley/db';

/** The dependencies of a deletion: the store, and the function that deletes a chat and stops its answers. */
export interface Eraser {
  readonly deletions: DeletionStore;
  /** Ends what goes on in a chat that is marked deleted, and removes its turns. */
  dropChat(chat: Id<'chat'>): Promise<void>;
}

interface EraseOptions {
  readonly now?: Date;
  /** Ends it between two steps; housekeeping goes on with what is left. */
  readonly signal?: AbortSignal;
}

/** How many things one step finds: few enough to be done within seconds. */
const MARK_PAGE = 500;
const DROP_PAGE = 100;
const REST_PAGE = 1_000;
/** More chats that fail are no exception any more. */
const FAILED_MAX = 1_000;
const UNREACHABLE_MAX = 3;

/**
 * Does what a deletion orders. First nobody gets in any more, then all chats are gone at once, and then all that is
 * left of them is removed. Repeatable at any step, by any number of processes. A chat that fails keeps none of the
 * others. Answers the finished deletion; undefined when there is more to do.
 *
 * @throws what a chat failed with, once all others are deleted
 */
export async function erase(
  eraser: Eraser,
  deletion: DeletionRecord,
  options: EraseOptions = {},
): Promise<DeletionRecord | undefined> {
  const { deletions, dropChat } = eraser;
  const { now = new Date(), signal } = options;
  for (const guest of await deletions.closeDoors(deletion)) await erase(eraser, guest, options);
  while ((await deletions.markChats(deletion, MARK_PAGE)) > 0) {
    if (signal?.aborted) return undefined;
  }
  const failed = new Map<Id<'chat'>, unknown>();
  for (;;) {
    const page = await deletions.listChats(deletion, DROP_PAGE, [...failed.keys()]);
    for (const chat of page) {
      if (signal?.aborted) return undefined;
      try {
        await dropChat(chat);
        await deletions.removeChat(deletion, chat);
      } catch (error) {
        // The others are deleted all the same; of a database that is away more is not worth a try.
        failed.set(chat, error);
        if (failed.size >= (error instanceof ApiError ? UNREACHABLE_MAX : FAILED_MAX)) throw error;
      }
    }
    if (page.length < DROP_PAGE) break;
  }
  while ((await deletions.removeRest(deletion, REST_PAGE)) > 0) {
    if (signal?.aborted) return undefined;
  }
  for (const failure of failed.values()) throw failure;
  return deletions.finish(deletion, now);
}
