import { isId, Refusal } from '@parley/contract';
import type { ChatStore, Scope } from '@parley/db';
import type { Caller } from './caller.ts';
import type { Policy } from './policies.ts';

/** @throws Refusal `secret_key_needed`: the policy lets no such caller ask for this */
export function permit({ kind }: Caller, { callers }: Policy): void {
  if (callers === 'secret' && kind !== 'secret') throw new Refusal('secret_key_needed');
}

/**
 * Keeps a caller who may not reach all of the team's chats within theirs, whatever the procedure does with the
 * input: one that names a chat names one of theirs, and one that names a user names them. Turns and messages are
 * found by their chat, so that this is all there is to guard.
 *
 * @throws Refusal `chat_not_found`, `user_not_allowed`
 */
export async function keepWithin(chats: ChatStore, scope: Scope, input: unknown): Promise<void> {
  if (scope.user === undefined && scope.agents === undefined) return;
  const { chatId, userId } = fieldsOf(input);
  if (scope.user !== undefined && userId !== undefined && userId !== scope.user) {
    throw new Refusal('user_not_allowed');
  }
  if (typeof chatId !== 'string') return;
  const isTheirs = isId('chat', chatId) && (await chats.find(scope, chatId)) !== undefined;
  if (!isTheirs) throw new Refusal('chat_not_found');
}

function fieldsOf(input: unknown): { chatId?: unknown; userId?: unknown } {
  return typeof input === 'object' && input !== null ? input : {};
}
