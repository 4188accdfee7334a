import { isId, Refusal } from '@parley/contract';
import type { ApiKeyReach, ChatStore, Scope } from '@parley/db';
import type { Caller } from './caller.ts';
import type { Policy } from './policies.ts';

/**
 * Lets a caller ask for what a policy says, or refuses them.
 *
 * @throws Refusal `user_token_needed`, `secret_key_needed`, `guest_key_needed`, `verified_user_needed`,
 *   `key_scope_missing`
 */
export function permit(caller: Caller, { callers, scope }: Policy): void {
  refuseWrongCaller(caller, callers);
  if (caller.scopes && !caller.scopes.includes(scope)) throw new Refusal('key_scope_missing');
}

function refuseWrongCaller({ kind, as }: Caller, callers: Policy['callers']): void {
  switch (callers) {
    case 'everyone':
      if (as.role === 'nobody') throw new Refusal('user_token_needed');
      return;
    case 'secret':
      // With a user's token it speaks for the user, who administers nothing.
      if (kind !== 'secret' || as.role !== 'team') throw new Refusal('secret_key_needed');
      return;
    case 'newcomer':
      if (as.role !== 'nobody' || !as.canBecomeGuest) throw new Refusal('guest_key_needed');
      return;
    case 'verified':
      if (as.role !== 'user' || as.proof !== 'verified') throw new Refusal('verified_user_needed');
  }
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

/**
 * Keeps a restricted key from getting at more by way of another key.
 *
 * @throws Refusal `key_beyond_yours`
 */
export function refuseBeyond(
  { scopes, scope: { agents }, tokensPerDay }: Caller,
  key: ApiKeyReach & { readonly kind: Caller['kind']; readonly tokensPerDay?: number | null },
): void {
  const canDo = key.kind === 'secret' ? key.scopes : (['chats:read', 'chats:write', 'agents:read'] as const);
  const doesMore = scopes && !canDo?.every((one) => scopes.includes(one));
  const reachesMore = agents && !key.agents?.every((one) => agents.includes(one));
  const spendsMore =
    tokensPerDay !== undefined && (key.tokensPerDay ?? Number.POSITIVE_INFINITY) > tokensPerDay;
  if (doesMore || reachesMore || spendsMore) throw new Refusal('key_beyond_yours');
}

/**
 * Keeps a key for some agents from what is about the whole team.
 *
 * @throws Refusal `whole_team_key_needed`
 */
export function refuseRestricted({ agents }: Scope): void {
  if (agents) throw new Refusal('whole_team_key_needed');
}

function fieldsOf(input: unknown): { chatId?: unknown; userId?: unknown } {
  return typeof input === 'object' && input !== null ? input : {};
}
