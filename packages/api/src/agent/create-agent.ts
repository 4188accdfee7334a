import { ApiError, fullAgentSchema, newAgentSchema } from '@parley/contract';
import { idempotentProcedure } from '../procedures.ts';
import { checkModels } from './models-of.ts';
import { toFullAgent } from './to-full-agent.ts';
import { toolsOf } from './tools-of.ts';

/** `agent.create`: creates an agent. A key that is limited to agents cannot, because it would not reach the new one. */
export const createAgent = idempotentProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/agent',
      operationId: 'createAgent',
      tags: ['Agents'],
      summary: 'Create an agent',
      description:
        'Creates an agent of your team, with its name, its instructions for the model, and its tools.',
    },
    errors: ['secret_key_needed', 'key_beyond_yours', 'idempotency_key_reused', 'encryption_key_outdated'],
    isIdempotent: true,
  })
  .input(newAgentSchema)
  .output(fullAgentSchema)
  .mutation(async ({ ctx, input }) => {
    const { stores, scope, idempotency, services, request } = ctx;
    const { problemOfToolUrl, modelProviders } = services;
    // A key for some agents does not reach a new one.
    if (scope.agents) throw new ApiError('key_beyond_yours');
    checkModels(input, modelProviders);
    const agent = { ...input, tools: toolsOf(input.tools, undefined, problemOfToolUrl) };
    if (!idempotency) return toFullAgent(await stores.agents.create(scope, agent));
    const made = await stores.agents.createOnce(scope, agent, idempotency);
    if (!('replay' in made)) return toFullAgent(made);
    if (made.replay.body !== idempotency.body) throw new ApiError('idempotency_key_reused');
    request.markReplayed();
    return toFullAgent(made.replay.agent);
  });
