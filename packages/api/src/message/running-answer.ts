import type { Id } from '@parley/contract';
import { findChat } from '../chat/find-chat.ts';
import type { Context } from '../context.ts';

/**
 * The answer that is being written in a chat, or is next to be; undefined when there is none.
 *
 * @throws Refusal `unauthorized`, `chat_not_found`
 */
export async function findRunningAnswer(
  { services, caller }: Context,
  chatId: string,
): Promise<Id<'message'> | undefined> {
  const { scope } = await caller();
  const chat = await findChat(services.stores.chats, scope, chatId);
  return services.turns.runningAnswer(scope, chat.id);
}
