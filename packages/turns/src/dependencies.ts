import type { RunAgent } from '@parley/agent';
import type { AgentStore, ChatAccess, FileStore, SearchStore, Stores, SystemScope } from '@parley/db';
import type { Clock, OperatorLog, QuotaDeps } from '@parley/quota';

/** The dependencies of the engine as ports, so that a test can run several processes on simulated dependencies. */
export interface TurnDeps {
  readonly store: Pick<Stores, 'turns' | 'turnLog' | 'chats' | 'chatChanges'> &
    Pick<QuotaDeps['store'], 'budgets' | 'usage'> & {
      readonly agents: Pick<AgentStore, 'find'>;
      readonly search: Pick<SearchStore, 'add' | 'remove'>;
      readonly files: Pick<FileStore, 'claim' | 'release'>;
    };
  readonly runAgent: RunAgent;
  /** Throws the error to respond with while no model can be called. */
  readonly checkModel: () => void;
  /** Whether every live server knows that a chat shows one of several paths. */
  readonly allowsVersions: () => Promise<boolean>;
  readonly clock: Clock;
  readonly log: OperatorLog;
  readonly bounds: TurnBounds;
}

/** The limits of one process's turns, and its intervals. */
export interface TurnBounds {
  readonly leaseMs: number;
  /** The interval at which running turns are supervised. */
  readonly tickMs: number;
  readonly sendWaitMaxMs: number;
  /** How long a cancel waits for the end of the turn. */
  readonly cancelWaitMaxMs: number;
  readonly runningTurnsMax: number;
  /** Accepted turns that may wait in a process for a place to run. */
  readonly waitingTurnsMax: number;
  /** Running turns of one address of callers that are not privileged, over all processes. */
  readonly runningPerAddressMax: number;
  /** Waiting turns of one address of callers that are not privileged, over all processes. */
  readonly waitingPerAddressMax: number;
  readonly queuedTurnsPerChatMax: number;
  readonly takeoversMax: number;
  /** The interval at which a process counts the usage of turns that ended in it. */
  readonly countEveryMs: number;
  /** The bytes of history that a run reads. Must exceed the context of every model. */
  readonly historyBytesMax: number;
}

/** The team-wide scope in which the engine works on a chat after the caller's access was checked. */
export function systemScopeOf({ chat: { team } }: ChatAccess): SystemScope {
  return { team };
}
