import type { RunAgent } from '@parley/agent';
import type { AgentStore, ChatAccess, Stores, SystemScope, UsageStore } from '@parley/db';
import type { Clock } from './clock.ts';

/** The dependencies of the engine as ports, so that one test can run several replicas on simulated ones. */
export interface TurnDeps {
  readonly store: Pick<Stores, 'turns' | 'turnLog' | 'chats' | 'budgets'> & {
    readonly agents: Pick<AgentStore, 'find'>;
    readonly usage: Pick<UsageStore, 'count' | 'listUncounted' | 'add'>;
  };
  readonly runAgent: RunAgent;
  /** Throws the rejection to answer when no model can be called now. */
  readonly checkModel: () => void;
  readonly clock: Clock;
  readonly log: TurnLog;
  readonly bounds: TurnBounds;
}

export interface TurnBounds {
  readonly leaseMs: number;
  /** How often running turns are looked after: their marks, their log. */
  readonly tickMs: number;
  readonly sendWaitMaxMs: number;
  /** How long a cancel waits to tell how the turn ended. */
  readonly cancelWaitMaxMs: number;
  readonly runningTurnsMax: number;
  /** Turns that were accepted while no place to run was free. */
  readonly waitingTurnsMax: number;
  /** Running turns of one address of callers that are not privileged, over all processes. */
  readonly runningPerAddressMax: number;
  /** Further turns of that address that are accepted and wait, over all processes. */
  readonly waitingPerAddressMax: number;
  readonly queuedTurnsPerChatMax: number;
  readonly takeoversMax: number;
  /** How often a process counts what ended in it. */
  readonly countEveryMs: number;
  /** How many bytes of history a runner reads: more than any context of the model holds. */
  readonly historyBytesMax: number;
}

/** Tells operators what happened to turns. Fields name ids and counts, never content. */
export type TurnLog = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Record<string, unknown>,
) => void;

/** The scope of the engine's own work for a chat that a caller may use. */
export function systemScopeOf({ chat: { team } }: ChatAccess): SystemScope {
  return { team };
}
