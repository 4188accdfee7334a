import type { Id } from '@parley/contract';
import type { Idempotency } from '../idempotency.ts';
import type { Scope } from '../scope.ts';
import type {
  AgentInfo,
  AgentRecord,
  AgentReplay,
  AgentSummary,
  AgentVersionRecord,
  NewAgentFields,
  RetainingAgent,
} from './agent-records.ts';

/** The agents of a team. A scope with agents only reaches these agents. */
export interface AgentStore {
  /** Creates an agent. With an `id`, a repetition returns the agent of the first call. */
  create(scope: Scope, agent: NewAgentFields, id?: Id<'agent'>): Promise<AgentInfo>;
  /** Creates an agent, unless an earlier request with the same idempotency key did: then returns that agent. */
  createOnce(
    scope: Scope,
    agent: NewAgentFields,
    idempotency: Idempotency,
  ): Promise<AgentInfo | { replay: AgentReplay }>;
  /** The agent that a request with this key created. Undefined if it was deleted. */
  findByIdempotencyKey(scope: Scope, idempotencyKey: string): Promise<AgentReplay | undefined>;
  /** Reads the agent from the database. `find` may return one that is some seconds old. */
  get(scope: Scope, id: Id<'agent'>): Promise<AgentInfo | undefined>;
  /**
   * Replaces an agent by the result of `toNext`. Changed settings become a new version. `changed`: the agent is not at
   * `expectedVersion`. Undefined: the agent does not exist. Errors of `toNext` reach the caller.
   */
  update(
    scope: Scope,
    id: Id<'agent'>,
    toNext: (now: AgentInfo) => NewAgentFields,
    expectedVersion?: number,
  ): Promise<AgentInfo | 'changed' | undefined>;
  /** Makes a new version from the settings of an earlier one. `version-deleted`: that version no longer exists. */
  rollBack(
    scope: Scope,
    id: Id<'agent'>,
    version: number,
  ): Promise<AgentInfo | 'version-deleted' | undefined>;
  /** At most `limits.agentVersionsMax` versions, newest first. Undefined if the agent does not exist. */
  listVersions(scope: Scope, id: Id<'agent'>): Promise<AgentVersionRecord[] | undefined>;
  /** Removes an agent with all its versions. Its chats stay. False if the agent does not exist. */
  delete(scope: Scope, id: Id<'agent'>): Promise<boolean>;
  find(scope: Scope, id: Id<'agent'>): Promise<AgentRecord | undefined>;
  /** At most `limit` agents with a retention, of all teams, after `after` in the order of their ids. */
  listRetaining(limit: number, after?: Id<'agent'>): Promise<RetainingAgent[]>;
  /** At most `limit` agents, in the order of their creation. */
  list(scope: Scope, limit: number): Promise<AgentRecord[]>;
  /** The same agents without their settings: prompts and tools may be megabytes. */
  listSummaries(scope: Scope, limit: number): Promise<AgentSummary[]>;
}
