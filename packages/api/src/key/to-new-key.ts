import type { createKeyInputSchema } from '@parley/contract';
import type { AgentStore, ApiKeyFields, ApiKeyReach, Scope } from '@parley/db';
import type { z } from 'zod';
import { knownAgents } from './known-agents.ts';
import { refuseMisfit, refuseUnchosenAccess } from './refuse-misfit.ts';
import { toFields } from './to-fields.ts';

/**
 * What a request says of a new key, as it is stored.
 *
 * @throws Refusal `invalid_input` for what keys of this kind do not have, `agent_not_found`
 */
export async function toNewKey(
  agents: AgentStore,
  scope: Scope,
  { kind, scopes, agentIds, ...said }: z.infer<typeof createKeyInputSchema>,
): Promise<ApiKeyFields & ApiKeyReach> {
  refuseMisfit(kind, { access: said.access, scopes });
  refuseUnchosenAccess(kind, said);
  const reached = agentIds && (await knownAgents(agents, scope, agentIds));
  return {
    ...toFields(said),
    ...(scopes && { scopes: [...new Set(scopes)] }),
    ...(reached && { agents: reached }),
  };
}
