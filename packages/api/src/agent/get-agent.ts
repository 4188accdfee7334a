import { fullAgentSchema, oneAgentInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { requireAgent } from './require-agent.ts';
import { toFullAgent } from './to-full-agent.ts';

/** `agent.get`: returns an agent with its settings, without the values of tool headers. */
export const getAgent = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/agent/{agentId}',
      operationId: 'getAgent',
      tags: ['Agents'],
      summary: 'Get an agent',
      description: 'Returns an agent with its current settings.',
    },
    errors: ['secret_key_needed', 'agent_not_found'],
  })
  .input(oneAgentInputSchema)
  .output(fullAgentSchema)
  .query(async ({ ctx: { stores, scope }, input: { agentId } }) =>
    toFullAgent(await requireAgent(agentId, (id) => stores.agents.get(scope, id))),
  );
