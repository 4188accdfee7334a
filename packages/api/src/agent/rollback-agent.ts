import { ApiError, fullAgentSchema, rollbackAgentInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { requireAgent } from './require-agent.ts';
import { toFullAgent } from './to-full-agent.ts';

/** `agent.rollback`: makes the settings of an earlier version the newest version. */
export const rollbackAgent = procedure
  .meta({
    openapi: {
      method: 'PUT',
      path: '/agent/{agentId}/rollback',
      operationId: 'rollbackAgent',
      tags: ['Agents'],
      summary: 'Roll an agent back',
      description:
        'Makes the settings of an earlier version the newest version. The name, type and description do not ' +
        'change.',
    },
    errors: ['secret_key_needed', 'agent_not_found', 'agent_version_not_found', 'encryption_key_outdated'],
  })
  .input(rollbackAgentInputSchema)
  .output(fullAgentSchema)
  .mutation(async ({ ctx: { stores, scope }, input: { agentId, version } }) => {
    const rolled = await requireAgent(agentId, (id) => stores.agents.rollBack(scope, id, version));
    if (rolled === 'version-deleted') throw new ApiError('agent_version_not_found');
    return toFullAgent(rolled);
  });
