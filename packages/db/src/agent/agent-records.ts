import type { FileKind, Id, ModelChoice, Tool } from '@parley/contract';

/** The settings that shape an agent's answers. Each change is a new version. */
export interface AgentSettings {
  readonly systemPrompt?: string;
  readonly model?: string;
  /** The models to call, in this order; replaces `model`. */
  readonly models?: ModelChoice[];
  readonly temperature?: number;
  /** Whether callers see the model's reasoning. Absent means `hide`. */
  readonly reasoning?: 'hide' | 'show';
  /** The kinds of files that can be sent to it. Absent means text. */
  readonly accepts?: FileKind[];
  /** With the values of their headers, which are secrets: remove them before you show an agent. */
  readonly tools?: readonly Tool[];
}

/** The fields that an agent is created with, or replaced by. */
export type NewAgentFields = {
  readonly [Setting in keyof AgentSettings]: AgentSettings[Setting] | undefined;
} & {
  readonly name: string;
  readonly type: string;
  readonly description?: string | undefined;
  readonly retentionDays?: number | undefined;
};

/** An agent with the settings of the version in use. */
export interface AgentRecord extends AgentSettings {
  readonly id: Id<'agent'>;
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  /** Chats without a message for this many days are deleted. */
  readonly retentionDays?: number;
  readonly version: number;
}

/** The fields of an agent that lists show. */
export type AgentSummary = Pick<AgentRecord, 'id' | 'name' | 'type' | 'description' | 'accepts'>;

/** An agent whose chats are deleted after some days. */
export interface RetainingAgent {
  readonly id: Id<'agent'>;
  readonly team: Id<'team'>;
  readonly retentionDays: number;
}

/** A version of an agent's settings, the one in use or an earlier one. */
export interface AgentVersionRecord extends AgentSettings {
  readonly version: number;
  readonly createdAt: Date;
}

/** An agent as its administrators see it. */
export interface AgentInfo extends AgentRecord {
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The agent that an earlier request with the same idempotency key created. */
export interface AgentReplay {
  readonly body: string;
  readonly agent: AgentInfo;
}
