import { ApiError, type Id } from '@parley/contract';
import { jittered } from '@parley/quota';
import type { TurnDeps } from '../dependencies.ts';
import { FailingItems } from './failing-items.ts';
import {
  DELETION_RETRY_MAX_MS,
  DELETION_WORK_MAX_MS,
  DELETIONS_UNDER_WAY_MAX,
  PASSES_PER_LEASE,
  UNREACHABLE_MAX,
} from './intervals.ts';
import { removeDeletedChat } from './remove-deleted-chat.ts';

const PAGE = 50;

/**
 * Finishes deletions of chats after a crash. A chat that has a deletion marker but is not marked as deleted gets
 * marked. A marked chat gets its marker and loses its turns. This loop is separate from the recovery of turns, so
 * that a large chat does not delay it.
 */
export async function recoverDeletions(deps: TurnDeps, signal: AbortSignal): Promise<void> {
  const { clock, store, log, bounds } = deps;
  const pauseMs = bounds.leaseMs / PASSES_PER_LEASE;
  const failing = new FailingItems<Id<'chat'>>(clock, {
    min: pauseMs,
    max: Math.max(pauseMs, DELETION_RETRY_MAX_MS),
    work: { maxMs: DELETION_WORK_MAX_MS, underWayMax: DELETIONS_UNDER_WAY_MAX },
  });
  while (!signal.aborted) {
    // A failure of one does not stop the other.
    for (const recover of [markUnmarked, removeMarked]) {
      await recover().catch((error: unknown) => log('warn', 'deletions could not be recovered', { error }));
    }
    await clock.sleep(jittered(clock, pauseMs), signal);
  }

  async function markUnmarked(): Promise<void> {
    const unmarked = await store.chats.listUnmarked(PAGE, failing.skipped);
    await each(unmarked, ({ team, chat }) => store.chats.markDeleted({ team }, chat));
  }

  async function removeMarked(): Promise<void> {
    const marked = (await store.chats.listMarked(PAGE, failing.skipped)).map((chat) => ({ chat }));
    await each(marked, ({ chat }) => removeDeletedChat(deps, chat));
  }

  /** Skips an item that fails for a while, so that it does not stop the items behind it. */
  async function each<Item extends { readonly chat: Id<'chat'> }>(
    items: readonly Item[],
    act: (item: Item) => Promise<unknown>,
  ): Promise<void> {
    let unreachable = 0;
    for (const item of items) {
      if (signal.aborted) return;
      if (failing.isSkipped(item.chat)) continue;
      try {
        await failing.try(item.chat, () => act(item));
        unreachable = 0;
      } catch (error) {
        log('warn', 'a deletion failed; it is tried again', { chat: item.chat, error });
        if (error instanceof ApiError && ++unreachable === UNREACHABLE_MAX) throw error;
      }
    }
  }
}
