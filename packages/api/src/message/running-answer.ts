import type { Id } from '@parley/contract';
import { authorize } from '../authorize.ts';
import { findChat } from '../chat/find-chat.ts';
import type { Context } from '../context.ts';
import { policyOf } from '../policies.ts';

/**
 * Returns the running answer of a chat, or the next one that waits; undefined if there is none.
 *
 * @throws ApiError `chat_not_found`, and the errors of `message.follow`
 */
export async function findRunningAnswer(
  { request: { services, caller, chatOfRequest } }: Context,
  chatId: string,
): Promise<Id<'message'> | undefined> {
  const found = await caller();
  // This is not a procedure. The REST route that calls it belongs to `message.follow`.
  authorize(found, policyOf('message.follow'));
  const { scope } = found;
  const chat = await findChat(services.stores.chats.find, scope, chatId);
  chatOfRequest.remember(scope, chat);
  return services.turns.runningAnswer(chat);
}
