import type { FullAgent } from '@parley/contract';
import type { AgentInfo } from '@parley/db';

/** An agent as secret keys see it. */
export function toFullAgent({ createdAt, updatedAt, ...agent }: AgentInfo): FullAgent {
  return { ...agent, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
