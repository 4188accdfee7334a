import { ApiError, type Id, isId } from '@parley/contract';

/**
 * What a store answers about the agent with this id.
 *
 * @throws ApiError `agent_not_found`, also for another team's, and for one that the key does not reach
 */
export async function requireAgent<Found>(
  agentId: string,
  ask: (id: Id<'agent'>) => Promise<Found | undefined>,
): Promise<Found> {
  const found = isId('agent', agentId) ? await ask(agentId) : undefined;
  if (found === undefined) throw new ApiError('agent_not_found');
  return found;
}
