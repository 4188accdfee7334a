import { oneAgentInputSchema } from '@parley/contract';
import { z } from 'zod';
import { procedure } from '../procedures.ts';
import { requireAgent } from './require-agent.ts';

/** `agent.delete`: deletes an agent with its versions. Its chats stay readable. */
export const deleteAgent = procedure
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/agent/{agentId}',
      operationId: 'deleteAgent',
      tags: ['Agents'],
      summary: 'Delete an agent',
      description:
        'Deletes an agent with all its versions. You can still read its chats, but they get no more answers.',
    },
    errors: ['secret_key_needed', 'agent_not_found'],
    successStatus: 204,
  })
  .input(oneAgentInputSchema)
  .output(z.void())
  .mutation(async ({ ctx: { stores, scope }, input: { agentId } }) => {
    await requireAgent(agentId, async (id) => (await stores.agents.delete(scope, id)) || undefined);
  });
