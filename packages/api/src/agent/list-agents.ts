import { acceptedByDefault, agentListSchema, limits, listAgentsInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';

/** `agent.list`: lists the agents that the caller reaches, without their settings. */
export const listAgents = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/agent',
      operationId: 'listAgents',
      tags: ['Agents'],
      summary: 'List agents',
      description: "Lists the team's agents, without their settings.",
    },
  })
  .input(listAgentsInputSchema)
  .output(agentListSchema)
  .query(async ({ ctx: { stores, scope } }) => {
    const found = await stores.agents.listSummaries(scope, limits.agentListMax);
    return { agents: found.map((agent) => ({ accepts: [...acceptedByDefault], ...agent })) };
  });
