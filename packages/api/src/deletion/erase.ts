import { ApiError, type Id } from '@parley/contract';
import type { DeletionRecord, DeletionStore } from '@parley/db';

/** The dependencies of a deletion: the store, and the function that deletes a chat and stops its answers. */
export interface Eraser {
  readonly deletions: DeletionStore;
  /** Stops the answers of a chat that is marked as deleted, and removes its turns. */
  dropChat(chat: Id<'chat'>): Promise<void>;
}

interface EraseOptions {
  readonly now?: Date;
  /** Stops the deletion between two steps. A background job finishes it. */
  readonly signal?: AbortSignal;
}

/** The number of objects in one step, few enough to take only seconds. */
const MARK_PAGE = 500;
const DROP_PAGE = 100;
const REST_PAGE = 1_000;
/** The maximum number of chats that may fail before the deletion gives up. */
const FAILED_MAX = 1_000;
const UNREACHABLE_MAX = 3;

/**
 * Runs a deletion. First it ends all access, then it marks all chats as deleted, then it removes the data. Every
 * step can be repeated, by any number of processes. A chat that fails does not stop the others. Returns the
 * finished deletion; undefined if there is more to do.
 *
 * @throws the error of a failed chat, after all others are deleted
 */
export async function erase(
  eraser: Eraser,
  deletion: DeletionRecord,
  options: EraseOptions = {},
): Promise<DeletionRecord | undefined> {
  const { deletions, dropChat } = eraser;
  const { now = new Date(), signal } = options;
  for (const guest of await deletions.revokeCredentials(deletion)) await erase(eraser, guest, options);
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
        // The other chats are still deleted, unless the database is unreachable.
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
