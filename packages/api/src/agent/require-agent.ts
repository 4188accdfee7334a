import { ApiError, type Id, isId } from '@parley/contract';

/**
 * Calls a function of a store with the id of an agent, and returns its result.
 *
 * @throws ApiError `agent_not_found` if there is none, also for agents of other teams and agents that the key does
 *   not reach
 */
export async function requireAgent<Found>(
  agentId: string,
  ask: (id: Id<'agent'>) => Promise<Found | undefined>,
): Promise<Found> {
  const found = isId('agent', agentId) ? await ask(agentId) : undefined;
  if (found === undefined) throw new ApiError('agent_not_found');
  return found;
}
