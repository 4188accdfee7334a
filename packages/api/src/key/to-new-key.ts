import type { createKeyInputSchema } from '@parley/contract';
import type { AgentStore, ApiKeyFields, ApiKeyReach, Scope } from '@parley/db';
import type { z } from 'zod';
import { assertAccessChosen, assertFieldsFitKind } from './assert-key-fields.ts';
import { knownAgents } from './known-agents.ts';
import { toFields } from './to-fields.ts';

/**
 * Converts the input of `key.create` to the stored fields of a key.
 *
 * @throws ApiError `invalid_input` for fields that keys of this kind do not have; `agent_not_found`
 */
export async function toNewKey(
  agents: AgentStore,
  scope: Scope,
  { kind, scopes, agentIds, ...fields }: z.infer<typeof createKeyInputSchema>,
): Promise<ApiKeyFields & ApiKeyReach> {
  assertFieldsFitKind(kind, { access: fields.access, scopes });
  assertAccessChosen(kind, fields);
  const reached = agentIds && (await knownAgents(agents, scope, agentIds));
  return {
    ...toFields(fields),
    ...(scopes && { scopes: [...new Set(scopes)] }),
    ...(reached && { agents: reached }),
  };
}
