import { ApiError, fullAgentSchema, updateAgentInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { checkModels } from './models-of.ts';
import { requireAgent } from './require-agent.ts';
import { toFullAgent } from './to-full-agent.ts';
import { toolsOf } from './tools-of.ts';

/** `agent.update`: replaces an agent. Changed settings become a new version. */
export const updateAgent = procedure
  .meta({
    openapi: {
      method: 'PUT',
      path: '/agent/{agentId}',
      operationId: 'updateAgent',
      tags: ['Agents'],
      summary: 'Change an agent',
      description:
        'Replaces an agent. Changed settings become a new version. Answers that begin within the next five ' +
        'seconds may still use the old one.',
    },
    errors: ['secret_key_needed', 'agent_not_found', 'agent_changed', 'encryption_key_outdated'],
  })
  .input(updateAgentInputSchema)
  .output(fullAgentSchema)
  .mutation(async ({ ctx, input: { agentId, expectedVersion, ...agent } }) => {
    const { stores, scope, services } = ctx;
    const { problemOfToolUrl, modelProviders } = services;
    checkModels(agent, modelProviders);
    const updated = await requireAgent(agentId, (id) =>
      stores.agents.update(
        scope,
        id,
        (now) => ({ ...agent, tools: toolsOf(agent.tools, now.tools, problemOfToolUrl) }),
        expectedVersion,
      ),
    );
    if (updated === 'changed') throw new ApiError('agent_changed');
    return toFullAgent(updated);
  });
