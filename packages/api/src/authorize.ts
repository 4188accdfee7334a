import { ApiError } from '@parley/contract';
import type { Scope } from '@parley/db';
import { type Caller, isVerifiedUser } from './caller.ts';
import { assertUnrestricted } from './credentials/escalation.ts';
import { credentialRules, type Policy } from './policies.ts';

/**
 * Lets a caller ask for what a policy says, or rejects them.
 *
 * @throws ApiError `user_token_needed`, `secret_key_needed`, `guest_key_needed`, `verified_user_needed`,
 *   `key_scope_missing`, `unrestricted_key_needed`
 */
export function authorize(caller: Caller, { callers, scope, credential }: Policy): void {
  assertCaller(caller, callers);
  if (caller.scopes && !caller.scopes.includes(scope)) throw new ApiError('key_scope_missing');
  if (credential && credentialRules[credential] === 'unrestricted issuers') assertUnrestricted(caller);
}

function assertCaller({ kind, as }: Caller, callers: Policy['callers']): void {
  switch (callers) {
    case 'everyone':
      if (as.role === 'anonymous') throw new ApiError('user_token_needed');
      return;
    case 'secret':
      // With a user's token it speaks for the user, who administers nothing.
      if (kind !== 'secret' || as.role !== 'team') throw new ApiError('secret_key_needed');
      return;
    case 'anonymous':
      if (as.role !== 'anonymous' || !as.canBecomeGuest) throw new ApiError('guest_key_needed');
      return;
    case 'verified':
      if (!isVerifiedUser({ as })) throw new ApiError('verified_user_needed');
  }
}

/**
 * The user that a caller's request is about: one bound to a user names nobody else.
 *
 * @throws ApiError `user_not_allowed`
 */
export function ownUser({ user }: Scope, named: string | undefined): string | undefined {
  if (user !== undefined && named !== undefined && named !== user) throw new ApiError('user_not_allowed');
  return named ?? user;
}

/**
 * Keeps a key for some agents from what is about the whole team.
 *
 * @throws ApiError `whole_team_key_needed`
 */
export function assertTeamWide({ agents }: Scope): void {
  if (agents) throw new ApiError('whole_team_key_needed');
}
