import type { Id } from '@parley/contract';
import { authorize } from '../authorize.ts';
import { findChat } from '../chat/find-chat.ts';
import type { Context } from '../context.ts';
import { policyOf } from '../policies.ts';

/**
 * The answer that is being written in a chat, or is next to be; undefined when there is none.
 *
 * @throws ApiError whatever `message.follow` rejects a caller for; `chat_not_found`
 */
export async function findRunningAnswer(
  { services, caller }: Context,
  chatId: string,
): Promise<Id<'message'> | undefined> {
  const found = await caller();
  // It is no procedure, and read for one.
  authorize(found, policyOf('message.follow'));
  const { scope } = found;
  const chat = await findChat(services.stores.chats.find, scope, chatId);
  return services.turns.runningAnswer(chat);
}
