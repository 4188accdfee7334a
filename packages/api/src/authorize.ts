import { ApiError } from '@parley/contract';
import type { Scope } from '@parley/db';
import { type Caller, isVerifiedUser } from './caller.ts';
import { assertUnrestricted } from './credentials/escalation.ts';
import { credentialRules, type Policy } from './policies.ts';

/**
 * Checks that a policy allows this caller.
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
      // A secret key with a user's token acts as the user, who cannot administer anything.
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
 * Returns the user that a request is about. A caller who is limited to a user can name no other.
 *
 * @throws ApiError `user_not_allowed`
 */
export function ownUser({ user }: Scope, named: string | undefined): string | undefined {
  if (user !== undefined && named !== undefined && named !== user) throw new ApiError('user_not_allowed');
  return named ?? user;
}

/**
 * Rejects keys that are limited to agents, for operations on the whole team.
 *
 * @throws ApiError `whole_team_key_needed`
 */
export function assertTeamWide({ agents }: Scope): void {
  if (agents) throw new ApiError('whole_team_key_needed');
}
