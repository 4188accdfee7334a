import { ApiError } from '@parley/contract';
import type { ChatAccess } from '@parley/db';
import type { Engine } from './engine.ts';

/**
 * Shows the path of a turn until a new turn comes. A choice of the newest turn's path ends the earlier choice.
 *
 * @throws ApiError `chat_not_found`
 */
export async function choosePath(engine: Engine, access: ChatAccess, turn: number): Promise<void> {
  const { store, followers } = engine;
  const tail = await store.turns.tail(access);
  if (!tail) throw new ApiError('chat_not_found');
  const isNewest = tail.sequence === turn;
  // Without a choice the chat shows the newest path already.
  if (isNewest && !access.chat.choice) return;
  await store.chats.choosePath(access, isNewest ? undefined : { turn, tailSequence: tail.sequence });
  followers.chats.notify(access.chat.id, 'changed');
}
