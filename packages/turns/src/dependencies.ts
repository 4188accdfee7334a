import type { RunAgent } from '@parley/agent';
import type { AgentStore, ChatAccess, Stores, SystemScope } from '@parley/db';
import type { Clock, OperatorLog, QuotaDeps } from '@parley/quota';

/** The dependencies of the engine as ports, so that one test can run several processes on simulated ones. */
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
  /** The interval at which running turns are supervised: their marks and their log. */
  readonly tickMs: number;
  readonly sendWaitMaxMs: number;
  /** The time that a cancel waits for the end of the turn. */
  readonly cancelWaitMaxMs: number;
  readonly runningTurnsMax: number;
  /** Turns that were accepted while no place to run was free. */
  readonly waitingTurnsMax: number;
  /** Running turns of one address of callers that are not privileged, over all processes. */
  readonly runningPerAddressMax: number;
  /** Further turns of that address that may wait, over all processes. */
  readonly waitingPerAddressMax: number;
  readonly queuedTurnsPerChatMax: number;
  readonly takeoversMax: number;
  /** How often a process counts what ended in it. */
  readonly countEveryMs: number;
  /** The bytes of history that a run reads: more than any model's context holds. */
  readonly historyBytesMax: number;
}

/** The scope of the engine's own work for a chat that a caller may use. */
export function systemScopeOf({ chat: { team } }: ChatAccess): SystemScope {
  return { team };
}
