import type { RunAgent } from '@parley/agent';
import type { AgentStore, ChatAccess, Stores, SystemScope } from '@parley/db';
import type { Clock, OperatorLog, QuotaDeps } from '@parley/quota';

/** The dependencies of the engine as ports, so that one test can run several replicas on simulated ones. */
export interface TurnDeps {
  readonly store: Pick<Stores, 'turns' | 'turnLog' | 'chats'> &
    Pick<QuotaDeps['store'], 'budgets' | 'usage'> & { readonly agents: Pick<AgentStore, 'find'> };
  readonly runAgent: RunAgent;
  /** Throws the rejection to answer when no model can be called now. */
  readonly checkModel: () => void;
  readonly clock: Clock;
  readonly log: OperatorLog;
  readonly bounds: TurnBounds;
}

/** The limits of one process's turns, and its intervals. */
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

/** The scope of the engine's own work for a chat that a caller may use. */
export function systemScopeOf({ chat: { team } }: ChatAccess): SystemScope {
  return { team };
}
