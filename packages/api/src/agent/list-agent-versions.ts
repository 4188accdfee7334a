import { agentVersionListSchema, oneAgentInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { requireAgent } from './require-agent.ts';
import { withShownTools } from './to-full-agent.ts';

/** `agent.listVersions`: lists the settings of the newest versions of an agent. */
export const listAgentVersions = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/agent/{agentId}/version',
      operationId: 'listAgentVersions',
      tags: ['Agents'],
      summary: "List an agent's versions",
      description: 'Lists the settings of the newest 20 versions, newest first.',
    },
    errors: ['secret_key_needed', 'agent_not_found'],
  })
  .input(oneAgentInputSchema)
  .output(agentVersionListSchema)
  .query(async ({ ctx: { stores, scope }, input: { agentId } }) => {
    const versions = await requireAgent(agentId, (id) => stores.agents.listVersions(scope, id));
    return {
      versions: versions.map(({ createdAt, ...version }) => ({
        ...withShownTools(version),
        createdAt: createdAt.toISOString(),
      })),
    };
  });
