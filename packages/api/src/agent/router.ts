import { t } from '../trpc.ts';
import { createAgent } from './create-agent.ts';
import { deleteAgent } from './delete-agent.ts';
import { getAgent } from './get-agent.ts';
import { listAgentVersions } from './list-agent-versions.ts';
import { listAgents } from './list-agents.ts';
import { rollbackAgent } from './rollback-agent.ts';
import { updateAgent } from './update-agent.ts';

/** The procedures of agents. */
export const agentRouter = t.router({
  create: createAgent,
  list: listAgents,
  get: getAgent,
  update: updateAgent,
  delete: deleteAgent,
  listVersions: listAgentVersions,
  rollback: rollbackAgent,
});
