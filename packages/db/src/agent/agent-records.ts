import type { Id, Tool } from '@parley/contract';

/** What shapes an agent's answers. */
export interface AgentSettings {
  readonly systemPrompt?: string;
  readonly model?: string;
  readonly temperature?: number;
  /** With what their headers hold: whoever shows an agent leaves that out. */
  readonly tools?: readonly Tool[];
}

/** What makes an agent. */
export type NewAgentFields = {
  readonly [Setting in keyof AgentSettings]: AgentSettings[Setting] | undefined;
} & {
  readonly name: string;
  readonly type: string;
  readonly description?: string | undefined;
  readonly retentionDays?: number | undefined;
};

export interface AgentRecord extends AgentSettings {
  readonly id: Id<'agent'>;
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  /** Chats in which nothing was said for so long are deleted. */
  readonly retentionDays?: number;
  readonly version: number;
}

/** What lists show of an agent. */
export type AgentSummary = Pick<AgentRecord, 'id' | 'name' | 'type' | 'description'>;

/** An agent whose chats are not kept for ever. */
export interface RetainingAgent {
  readonly id: Id<'agent'>;
  readonly team: Id<'team'>;
  readonly retentionDays: number;
}

/** The settings an agent has, or had. */
export interface AgentVersionRecord extends AgentSettings {
  readonly version: number;
  readonly createdAt: Date;
}

/** An agent as whoever administers it sees it. */
export interface AgentInfo extends AgentRecord {
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** An agent that was made by an earlier request with the same key. */
export interface KeptAgent {
  readonly body: string;
  readonly agent: AgentInfo;
}
