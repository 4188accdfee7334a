import type { FullAgent } from '@parley/contract';
import type { AgentInfo, AgentSettings } from '@parley/db';
import { showTool } from './tools-of.ts';

/** Converts a stored agent to its form for secret keys. */
export function toFullAgent({ createdAt, updatedAt, ...agent }: AgentInfo): FullAgent {
  return {
    ...withShownTools(agent),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

/** Returns the settings of an agent without the values of tool headers. */
export function withShownTools<Shown extends Pick<AgentSettings, 'tools'>>({ tools = [], ...rest }: Shown) {
  return { ...rest, tools: tools.map(showTool) };
}
