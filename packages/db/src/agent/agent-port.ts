import type { Id } from '@parley/contract';
import type { Idempotency } from '../idempotency.ts';
import type { Scope } from '../scope.ts';
import type {
  AgentInfo,
  AgentRecord,
  AgentSummary,
  AgentVersionRecord,
  KeptAgent,
  NewAgentFields,
  RetainingAgent,
} from './agent-records.ts';

export interface AgentStore {
  /** Makes an agent; with an `id` of one's own, repeatably. */
  create(scope: Scope, agent: NewAgentFields, id?: Id<'agent'>): Promise<AgentInfo>;
  /** Makes an agent, unless a request with the same key made one before: then answers that one. */
  createOnce(
    scope: Scope,
    agent: NewAgentFields,
    idempotency: Idempotency,
  ): Promise<AgentInfo | { kept: KeptAgent }>;
  /** The agent that a request with this key made, if it is still there. */
  findByIdempotencyKey(scope: Scope, idempotencyKey: string): Promise<KeptAgent | undefined>;
  /** As it is now; `find` may answer what it was some seconds ago. */
  get(scope: Scope, id: Id<'agent'>): Promise<AgentInfo | undefined>;
  /**
   * Replaces all of an agent by what `toNext` makes of it; other settings are a new version. `changed`: it is at
   * another version than `expectedVersion`. Undefined: there is no such agent. What `toNext` throws is thrown.
   */
  update(
    scope: Scope,
    id: Id<'agent'>,
    toNext: (now: AgentInfo) => NewAgentFields,
    expectedVersion?: number,
  ): Promise<AgentInfo | 'changed' | undefined>;
  /** Makes the settings of an earlier version the newest one. `gone`: there is no such version any more. */
  rollBack(scope: Scope, id: Id<'agent'>, version: number): Promise<AgentInfo | 'gone' | undefined>;
  /** Newest first, as many as are kept. Undefined: there is no such agent. */
  listVersions(scope: Scope, id: Id<'agent'>): Promise<AgentVersionRecord[] | undefined>;
  /** Removes an agent with all its versions. Its chats stay. False: there is no such agent. */
  delete(scope: Scope, id: Id<'agent'>): Promise<boolean>;
  find(scope: Scope, id: Id<'agent'>): Promise<AgentRecord | undefined>;
  /** Agents of all teams whose chats are not kept for ever, in the order of their ids, from after `after`. */
  listRetaining(limit: number, after?: Id<'agent'>): Promise<RetainingAgent[]>;
  /** The team's agents in the order they were made, at most `limit`. */
  list(scope: Scope, limit: number): Promise<AgentRecord[]>;
  /** The same agents without their settings: prompts and tools may be megabytes. */
  listSummaries(scope: Scope, limit: number): Promise<AgentSummary[]>;
}
