import { ApiError, type Id, isId } from '@parley/contract';
import type { AgentStore, Scope } from '@parley/db';

/**
 * Returns the ids of existing agents, each once.
 *
 * @throws ApiError `agent_not_found`
 */
export async function knownAgents(
  agents: AgentStore,
  scope: Scope,
  agentIds: readonly string[],
): Promise<Id<'agent'>[]> {
  const ids = [...new Set(agentIds)];
  const found = await Promise.all(ids.map((id) => (isId('agent', id) ? agents.find(scope, id) : undefined)));
  return found.map((agent) => {
    if (!agent) throw new ApiError('agent_not_found');
    return agent.id;
  });
}
