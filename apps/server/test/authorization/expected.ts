import type { Policy } from '@parley/api';
import type { ErrorCode, KeyScope } from '@parley/contract';
import type { MatrixCaller } from './callers.ts';

/** The owner of the object that a request names. */
export type Thing = 'own' | 'of another user' | 'of another team';

/** The expected result of a request: success, the code of its error, or status 404. */
export type Expected = 'success' | 'not found' | ErrorCode;

/** The scopes of publishable keys, which a restricted key needs to manage one. */
const OF_PUBLISHABLE: readonly KeyScope[] = ['chats:read', 'chats:write', 'agents:read'];

/** The scopes that a signing secret gives its owner. */
const OF_SIGNING_SECRETS: readonly KeyScope[] = ['chats:read', 'chats:write', 'keys:write'];

/** The example asks for a guest key for the team's own agent, one origin, 400,000 tokens a day, an end in 2999. */
function expectedOfIssuing({
  scopes,
  isForOtherAgent,
  bounds = {},
  isOfThirdGeneration,
}: MatrixCaller): Expected {
  // The caller's key does not know the agent of the new key.
  if (isForOtherAgent) return 'not found';
  const { expiresAt = '9999', origins = ['https://example.com'], tokensPerDay = 400_000 } = bounds;
  const isBeyond =
    OF_PUBLISHABLE.some((one) => scopes && !scopes.includes(one)) ||
    expiresAt < '2999' ||
    !origins.includes('https://example.com') ||
    tokensPerDay < 400_000;
  if (isBeyond) return 'key_beyond_yours';
  return isOfThirdGeneration ? 'too_many_key_generations' : 'success';
}

/**
 * Returns the expected result of a request. It is written from docs/security.md, in another order and with other
 * words than the code that decides.
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
  if (callers === 'anonymous' && !(kind === 'guest' && isNobody)) return 'guest_key_needed';
  if (callers === 'verified' && user?.proof !== 'verified') return 'verified_user_needed';
  // A key that may issue signing secrets may also list and revoke them.
  const needed = procedure.startsWith('signingSecret.') ? 'keys:write' : scope;
  if (scopes && !scopes.includes(needed)) return 'key_scope_missing';

  if (procedure === 'guest.claim') return kind === 'guest' ? 'success' : 'user_token_invalid';
  if (
    procedure.startsWith('signingSecret.') ||
    ['tokenIssuer.set', 'tokenIssuer.delete'].includes(procedure)
  ) {
    const isAll = !scopes || OF_SIGNING_SECRETS.every((one) => scopes.includes(one));
    if (!isAll || caller.isForOtherAgent || caller.bounds) return 'unrestricted_key_needed';
    return thing === 'of another team' ? 'not found' : 'success';
  }
  if (procedure === 'team.update' && caller.bounds?.tokensPerDay !== undefined) return 'key_beyond_yours';
  const isOfUsers = procedure.startsWith('user.');
  const isOfTeam = isOfUsers || ['audit.list', 'team.update'].includes(procedure);
  if (isOfTeam) return caller.isForOtherAgent ? 'whole_team_key_needed' : 'success';
  if (procedure === 'key.create') return expectedOfIssuing(caller);
  if (procedure.startsWith('key.') && procedure !== 'key.list') {
    // The keys in the requests are roots without agents, so no key of the matrix issued them.
    if (thing === 'of another team' || caller.isForOtherAgent) return 'not found';
    const isLimited = scopes !== undefined || caller.bounds !== undefined;
    return isLimited && procedure !== 'key.get' ? 'key_beyond_yours' : 'success';
  }
  if (thing === 'of another team') return 'not found';
  if (procedure === 'agent.create' && caller.isForOtherAgent) return 'key_beyond_yours';
  const isOfAgents = procedure.startsWith('agent.') && procedure !== 'agent.list';
  if (isOfAgents && caller.isForOtherAgent) return 'not found';
  if (thing === 'of another user' && !speaksForTeam) return 'not found';
  const isOfChats = /^file\.|^(?:chat|message)\.(?!(?:list|followAll|search)$)|^message\.list$/.test(
    procedure,
  );
  return isOfChats && caller.isForOtherAgent ? 'not found' : 'success';
}
