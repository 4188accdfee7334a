import type { Id } from '@parley/contract';
import type { Scope, SystemScope } from '@parley/db';
import type { Engine } from './engine.ts';
import { insertMarker } from './recover/remove-deleted-chat.ts';

/** Deletes a chat, as `Turns.deleteChat` describes. */
export async function deleteChat(engine: Engine, scope: Scope, chat: Id<'chat'>): Promise<boolean> {
  if (!(await engine.store.chats.markDeleted(scope, chat))) {
    // Another request may have just marked the chat. This request also returns only after the marker is stored.
    await insertMarker(engine, chat);
    return false;
  }
  stopChat(engine, chat);
  await insertMarker(engine, chat);
  await removeOrLeave(engine, chat);
  engine.followers.lists.notify(scope.team, 'changed');
  return true;
}

/** Deletes a chat whose newest turn is still `sequence`, as `Turns.deleteIdleChat` describes. */
export async function deleteIdleChat(
  engine: Engine,
  scope: SystemScope,
  chat: Id<'chat'>,
  sequence: number,
): Promise<boolean> {
  const { chats } = engine.store;
  if (!(await chats.insertMarkerBehind(scope, chat, sequence))) return false;
  // Another process has already begun to delete the chat.
  if (!(await chats.markDeleted(scope, chat))) return false;
  stopChat(engine, chat);
  await removeOrLeave(engine, chat);
  return true;
}

/** Stops the runs and the readers of a deleted chat in this process. */
export function stopChat({ runner, tails, followers }: Engine, chat: Id<'chat'>): void {
  runner.stopChat(chat);
  tails.forget(chat);
  followers.chats.notify(chat, 'deleted');
}

async function removeOrLeave({ store, log }: Engine, chat: Id<'chat'>): Promise<void> {
  try {
    await store.chats.purge(chat);
  } catch (error) {
    // The chat is already deleted for everyone. The recovery loop removes the rest.
    log('warn', 'purge failed; the recovery loop will finish it', { chat, error });
  }
}
