import type { FullAgent } from '@parley/contract';
import type { AgentInfo, AgentSettings } from '@parley/db';
import { showTool } from './tools-of.ts';

/** An agent as secret keys see it. */
export function toFullAgent({ createdAt, updatedAt, ...agent }: AgentInfo): FullAgent {
  return {
    ...withShownTools(agent),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

/** Settings of an agent without what the headers of its tools hold. */
export function withShownTools<Shown extends Pick<AgentSettings, 'tools'>>({ tools = [], ...rest }: Shown) {
  return { ...rest, tools: tools.map(showTool) };
}
