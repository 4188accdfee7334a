import { createKeyInputSchema, newKeySchema } from '@parley/contract';
import { refuseBeyond } from '../permit.ts';
import { procedure } from '../procedures.ts';
import { knownAgents } from './known-agents.ts';
import { refuseMisfit } from './refuse-misfit.ts';
import { toFields } from './to-fields.ts';
import { toKey } from './to-key.ts';

export const createKey = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/key',
      operationId: 'createKey',
      tags: ['Keys'],
      summary: 'Make a key',
      description:
        'Makes an API key of your team. Its text is answered this once: only a hash of it is stored.',
    },
    errors: ['secret_key_needed', 'key_beyond_yours', 'agent_not_found'],
  })
  .input(createKeyInputSchema)
  .output(newKeySchema)
  .mutation(async ({ ctx: { stores, scope, caller }, input: { kind, scopes, agentIds, ...said } }) => {
    refuseMisfit(kind, { access: said.access, scopes });
    const agents = agentIds && (await knownAgents(stores.agents, scope, agentIds));
    const reach = { ...(scopes && { scopes: [...new Set(scopes)] }), ...(agents && { agents }) };
    refuseBeyond(caller, { kind, ...reach });
    const { key, info } = await stores.apiKeys.issue(scope, kind, { ...toFields(said), ...reach });
    return { ...toKey(info), key };
  });
