import type { Id, Path, ToolStep } from '@parley/contract';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { ChatTail } from '../chat/chat-records.ts';
import type { Scope, SystemScope } from '../scope.ts';
import type { UsageRecord } from '../usage/usage-records.ts';
import type {
  Lease,
  NewTurn,
  PolledTurn,
  QueuedTurn,
  RunContext,
  TurnEnd,
  TurnOrigin,
  TurnRecord,
  TurnState,
  UnfinishedTurn,
  VersionTurn,
} from './turn-records.ts';

/**
 * The result of an insert: `sequence-taken` if another turn of the chat has the sequence, `key-taken` if one has the
 * idempotency key.
 */
export type InsertResult = 'inserted' | 'sequence-taken' | 'key-taken';

/** The result of an end. `lost`: another run has the lease. `deleted`: the turn was deleted. */
export type EndResult =
  | { readonly result: 'ended'; readonly hasSuccessor: boolean }
  | { readonly result: 'lost' }
  | {
      readonly result: 'deleted';
      /** The turn may have ended before it was deleted. Its usage was then counted with its end. */
      readonly endUnknown?: true;
    };

/**
 * The turns of chats. Functions for callers take a `ChatAccess` and only find turns of that chat. Functions for the
 * engine's own work take the team of the turn.
 */
export interface TurnStore {
  /** The newest turn of a chat, with sequence 0 if there is none. Undefined if the chat has its deletion marker. */
  tail(chat: ChatAccess): Promise<ChatTail | undefined>;
  /**
   * Inserts a turn. An insert with the id of a stored turn returns `inserted`: the acknowledgement of an earlier attempt
   * was lost.
   */
  insert(chat: ChatAccess, turn: NewTurn): Promise<InsertResult>;
  /** Removes a turn of a deleted chat that has its marker, and gives back what was reserved for it. */
  remove(scope: SystemScope, id: Id<'turn'>): Promise<void>;
  /**
   * The chat, the predecessor and the history, read with majority concern after the insert. `chatBytes`, if it is
   * known, is the size of the chat's text. It decides how many turns are read at once. `path`, if the turn has one, names the
   * turns of its history.
   */
  readRunContext(
    scope: SystemScope,
    chat: Id<'chat'>,
    sequence: number,
    historyBytesMax: number,
    chatBytes?: number,
    path?: Path,
  ): Promise<RunContext>;
  /** Marks the turn before `sequence`, so that its end claims the next turn. False if that turn has ended already. */
  announceSuccessor(scope: SystemScope, chat: Id<'chat'>, sequence: number): Promise<boolean>;
  /** Claims a queued turn. Undefined if it is not queued any more. */
  claim(scope: SystemScope, id: Id<'turn'>, token: string): Promise<TurnRecord | undefined>;
  /** Claims the turn with this sequence, if it is queued and has exactly this origin. */
  claimNext(
    scope: SystemScope,
    chat: Id<'chat'>,
    sequence: number,
    token: string,
    origin?: TurnOrigin,
  ): Promise<TurnRecord | undefined>;
  /** The turn with this sequence, if it is queued. */
  findQueued(scope: SystemScope, chat: Id<'chat'>, sequence: number): Promise<QueuedTurn | undefined>;
  /**
   * Returns a claimed turn to the queue and stores the usage of its run. It does not count as a crash. False if another run
   * has the lease.
   */
  release(
    scope: SystemScope,
    id: Id<'turn'>,
    token: string,
    usage?: readonly UsageRecord[],
  ): Promise<boolean>;
  /** Renews the leases of all turns of this process. Returns the tokens that are not valid any more. */
  renew(leases: readonly { turn: Id<'turn'>; token: string }[]): Promise<string[]>;
  /**
   * Stores all tool steps of a run so far, guarded by its token. `stored`: these steps, or later ones of the same
   * run, are stored. `lost`: another run has the lease. `deleted`: the turn was deleted.
   */
  saveToolSteps(
    scope: SystemScope,
    id: Id<'turn'>,
    token: string,
    steps: readonly ToolStep[],
  ): Promise<'stored' | 'lost' | 'deleted'>;
  /**
   * Raises the attempt of a run, guarded by its token, and counts a renewal, so that no process acts on the earlier
   * lease. The same raise may be sent again. `lost`: the token is not valid any more; `deleted`: the turn was
   * deleted.
   */
  raiseAttempt(
    scope: SystemScope,
    id: Id<'turn'>,
    token: string,
    attempt: number,
  ): Promise<'stored' | 'lost' | 'deleted'>;
  /**
   * Stores that the model's server makes this run wait, guarded by its token, so that it reaches readers in
   * other processes. No write ends the wait. False if the token is not valid any more.
   */
  saveWait(
    scope: SystemScope,
    id: Id<'turn'>,
    token: string,
    wait: { readonly attempt: number; readonly until: Date },
  ): Promise<boolean>;
  /** Ends a turn, guarded by the token of its run. */
  end(scope: SystemScope, id: Id<'turn'>, token: string, end: TurnEnd): Promise<EndResult>;
  /** Marks an unfinished turn cancelled. False if it has ended or was deleted. */
  cancel(chat: ChatAccess, id: Id<'turn'>): Promise<boolean>;
  /**
   * Marks at most `limit` unfinished turns of a user cancelled. Returns those that were not marked before.
   */
  cancelOfUser(scope: SystemScope, user: string, limit: number): Promise<Id<'turn'>[]>;
  /** Marks every unfinished turn of the chat before `sequence` cancelled. */
  cancelBefore(chat: ChatAccess, sequence: number): Promise<void>;
  /** Whether these turns are marked cancelled. Deleted turns are missing. Not scoped: the turns of all teams are read at once. */
  listMarks(ids: readonly Id<'turn'>[]): Promise<{ id: Id<'turn'>; isCancelled: boolean }[]>;
  /** The turn that a request with this idempotency key inserted into the chat. */
  findByIdempotencyKey(chat: ChatAccess, idempotencyKey: string): Promise<TurnRecord | undefined>;
  /** The status of a turn, without its text. Undefined if it was deleted. */
  findState(chat: ChatAccess, id: Id<'turn'>): Promise<TurnState | undefined>;
  /**
   * The status and team of turns. Deleted turns are missing. Not scoped: one query serves the readers of all teams, and each
   * reader compares the team with that of its own chat.
   */
  listStates(ids: readonly Id<'turn'>[]): Promise<PolledTurn[]>;
  /** The next turn of each chat, if there is one. Not scoped: it only returns the numbers that the reader knows. */
  listGrown(
    chats: readonly { readonly chat: Id<'chat'>; readonly after: number }[],
  ): Promise<{ readonly chat: Id<'chat'>; readonly sequence: number }[]>;
  /** The turns of a chat after `sequence`, in order, at most `limit`. */
  listAfter(chat: ChatAccess, sequence: number, limit: number): Promise<TurnRecord[]>;
  /** A turn with its messages. Undefined if it was deleted. */
  find(chat: ChatAccess, id: Id<'turn'>): Promise<TurnRecord | undefined>;
  /** The turn with this message of a user. */
  findByUserMessage(chat: ChatAccess, message: string): Promise<TurnRecord | undefined>;
  /**
   * The turns that follow these turns directly: the versions of the messages there, and of their answers. Retries of failed
   * answers without a stored parent are missing.
   */
  listVersions(chat: ChatAccess, parents: readonly number[]): Promise<VersionTurn[]>;
  /** The path of the turn with this sequence. */
  findPath(chat: ChatAccess, sequence: number): Promise<Path | undefined>;
  /** Marks a failed turn removed, or takes the mark back while it has its content. False if it has not failed. */
  markRemoved(chat: ChatAccess, id: Id<'turn'>, isRemoved: boolean): Promise<boolean>;
  /**
   * Removes the content of a failed turn, whose ids, usage and idempotency record stay. False if it has not failed.
   */
  removeContent(chat: ChatAccess, id: Id<'turn'>): Promise<boolean>;
  /** At most `limit` unfinished turns of all teams, after `after` in the order of their ids. For the recovery loop. */
  listUnfinished(limit: number, after?: Id<'turn'>): Promise<UnfinishedTurn[]>;
  /** Whether all turns of the chat before `sequence` have ended. A missing turn counts as ended. */
  hasPredecessorEnded(scope: SystemScope, chat: Id<'chat'>, sequence: number): Promise<boolean>;
  /** The number of unfinished turns of the team, or of the user of the scope. It counts up to `limit`. */
  countUnfinished(scope: Scope, limit: number): Promise<number>;
  /**
   * The number of turns from a network that run (`generating`) or are unfinished, up to `limit`. Privileged callers do not
   * count. Not scoped: an address has one limit for all teams.
   */
  countFromNetwork(network: string, which: 'generating' | 'unfinished', limit: number): Promise<number>;
  /** Takes over the run that had this lease, if the lease has not been renewed since. */
  takeOver(scope: SystemScope, id: Id<'turn'>, seen: Lease, token: string): Promise<TurnRecord | undefined>;
}
