import { Refusal } from '@parley/contract';
import type { Scope } from '@parley/db';
import { type Caller, isVerifiedUser } from './caller.ts';
import { assertUnrestricted } from './credentials/escalation.ts';
import { credentialRules, type Policy } from './policies.ts';

/**
 * Lets a caller ask for what a policy says, or refuses them.
 *
 * @throws Refusal `user_token_needed`, `secret_key_needed`, `guest_key_needed`, `verified_user_needed`,
 *   `key_scope_missing`, `unrestricted_key_needed`
 */
export function permit(caller: Caller, { callers, scope, credential }: Policy): void {
  refuseWrongCaller(caller, callers);
  if (caller.scopes && !caller.scopes.includes(scope)) throw new Refusal('key_scope_missing');
  if (credential && credentialRules[credential] === 'unrestricted issuers') assertUnrestricted(caller);
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
      if (!isVerifiedUser({ as })) throw new Refusal('verified_user_needed');
  }
}

/**
 * The user that a caller's request is about: one bound to a user names nobody else.
 *
 * @throws Refusal `user_not_allowed`
 */
export function ownUser({ user }: Scope, named: string | undefined): string | undefined {
  if (user !== undefined && named !== undefined && named !== user) throw new Refusal('user_not_allowed');
  return named ?? user;
}

/**
 * Keeps a key for some agents from what is about the whole team.
 *
 * @throws Refusal `whole_team_key_needed`
 */
export function refuseRestricted({ agents }: Scope): void {
  if (agents) throw new Refusal('whole_team_key_needed');
}
