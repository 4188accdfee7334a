import type { Policy } from '@parley/api';
import type { ErrorCode, KeyScope } from '@parley/contract';
import type { MatrixCaller } from './callers.ts';

/** Whose thing a request names. */
export type Thing = 'own' | 'of another user' | 'of another team';

/** What a request must come to: a success, a refusal with this code, or one with status 404. */
export type Expected = 'success' | 'not found' | ErrorCode;

/** What publishable keys may do, which a restricted key needs to deal with one. */
const OF_PUBLISHABLE: readonly KeyScope[] = ['chats:read', 'chats:write', 'agents:read'];

/**
 * What docs/security.md says must come of a request. Written from the documentation, in another order and with
 * other words than the code that decides.
 */
export function expectedOf(
  procedure: string,
  { callers, scope }: Policy,
  caller: MatrixCaller,
  thing: Thing,
): Expected {
  const { kind, user, scopes } = caller;
  if (kind === 'none') return 'unauthorized';
  const speaksForTeam = (kind === 'secret' || kind === 'open') && user === undefined;
  const isNobody = !speaksForTeam && user === undefined;

  if (callers === 'everyone' && isNobody) return 'user_token_needed';
  if (callers === 'secret' && !(kind === 'secret' && speaksForTeam)) return 'secret_key_needed';
  if (callers === 'newcomer' && !(kind === 'guest' && isNobody)) return 'guest_key_needed';
  if (callers === 'verified' && user?.proof !== 'verified') return 'verified_user_needed';
  if (scopes && !scopes.includes(scope)) return 'key_scope_missing';

  if (procedure === 'guest.claim') return kind === 'guest' ? 'success' : 'user_token_invalid';
  const isOfUsers = procedure.startsWith('user.');
  const isOfTeam = isOfUsers || ['audit.list', 'team.update'].includes(procedure);
  if (isOfTeam) return caller.isForOtherAgent ? 'whole_team_key_needed' : 'success';
  if (procedure === 'tokenIssuer.set' || procedure === 'tokenIssuer.delete') {
    if (caller.isForOtherAgent) return 'whole_team_key_needed';
    // Who names the issuer could become any user: it takes what a user may do.
    const isBeyond = (['chats:read', 'chats:write'] as const).some((one) => scopes && !scopes.includes(one));
    return isBeyond ? 'key_beyond_yours' : 'success';
  }
  const isOfKeys = procedure.startsWith('key.') && procedure !== 'key.list';
  if (isOfKeys) {
    if (thing === 'of another team') return 'not found';
    if (procedure === 'key.create' && caller.isForOtherAgent) return 'not found';
    const isBeyond = caller.isForOtherAgent || OF_PUBLISHABLE.some((one) => scopes && !scopes.includes(one));
    return isBeyond ? 'key_beyond_yours' : 'success';
  }
  if (thing === 'of another team') return 'not found';
  if (procedure === 'agent.create' && caller.isForOtherAgent) return 'key_beyond_yours';
  const isOfAgents = procedure.startsWith('agent.') && procedure !== 'agent.list';
  if (isOfAgents && caller.isForOtherAgent) return 'not found';
  if (thing === 'of another user' && !speaksForTeam) return 'not found';
  const isOfChats = /^(?:chat|message)\.(?!list$)|^message\.list$/.test(procedure);
  return isOfChats && caller.isForOtherAgent ? 'not found' : 'success';
}
