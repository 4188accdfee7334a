import type { Id, ToolStep } from '@parley/contract';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { ChatTail } from '../chat/chat-records.ts';
import type { Scope, SystemScope } from '../scope.ts';
import type { UsageRecord } from '../usage/usage-records.ts';
import type {
  Lease,
  NewTurn,
  QueuedTurn,
  TurnEnd,
  TurnOrigin,
  TurnRecord,
  TurnStand,
  TurnView,
  UnfinishedTurn,
} from './turn-records.ts';

export type InsertResult = 'inserted' | 'sequence-taken' | 'key-taken';

/** `lost`: the token no longer stands; `gone`: the turn was deleted. */
export type EndResult =
  | { readonly result: 'ended'; readonly hasSuccessor: boolean }
  | { readonly result: 'lost' }
  | {
      readonly result: 'gone';
      /** It may have ended before it was deleted: then its usage was counted with its end. */
      readonly endUnknown?: true;
    };

/**
 * The turns of chats. What serves callers takes their access to the chat, and finds only turns of that chat; what the
 * engine does for itself takes the team of the turn.
 */
export interface TurnStore {
  /** The newest turn of a chat; sequence 0 when there is none. Undefined when a deletion marker follows it. */
  tail(chat: ChatAccess): Promise<ChatTail | undefined>;
  /**
   * Accepts a turn. A second insert of the same id is the first one's success. `key-taken`: a turn with the
   * same idempotency key stands in this chat.
   */
  insert(chat: ChatAccess, turn: NewTurn): Promise<InsertResult>;
  /** Removes a turn of a deleted chat that has its marker, and gives back what was reserved for it. */
  remove(scope: SystemScope, id: Id<'turn'>): Promise<void>;
  /**
   * The chat, the predecessor and the history, read with majority concern after the insert. `chatBytes`, where it
   * is known, is the size of the chat's text: from it follows how many turns are worth reading at once.
   */
  look(
    scope: SystemScope,
    chat: Id<'chat'>,
    sequence: number,
    historyBytesMax: number,
    chatBytes?: number,
  ): Promise<TurnView>;
  /** Tells the turn before `sequence` that one waits behind it. False: it has ended, nobody will wake us. */
  announceSuccessor(scope: SystemScope, chat: Id<'chat'>, sequence: number): Promise<boolean>;
  /** Claims a queued turn. Undefined when it is not queued any more. */
  claim(scope: SystemScope, id: Id<'turn'>, token: string): Promise<TurnRecord | undefined>;
  /** Claims the turn with this sequence if it is queued and has exactly this origin. */
  claimNext(
    scope: SystemScope,
    chat: Id<'chat'>,
    sequence: number,
    token: string,
    origin?: TurnOrigin,
  ): Promise<TurnRecord | undefined>;
  /** What the order of waiting turns needs of the turn with this sequence, if it is queued. */
  findQueued(scope: SystemScope, chat: Id<'chat'>, sequence: number): Promise<QueuedTurn | undefined>;
  /**
   * Gives a claimed turn back to the queue, with what its run had used; not a crash. False when the token no
   * longer stands.
   */
  release(scope: SystemScope, id: Id<'turn'>, token: string, usage?: UsageRecord): Promise<boolean>;
  /** One sign of life for all turns of this process: answers the tokens that no longer stand. */
  renew(leases: readonly { turn: Id<'turn'>; token: string }[]): Promise<string[]>;
  /**
   * Keeps what a run has done with tools, all of it, under its token. `lost`: the token no longer stands; `gone`:
   * the turn was deleted.
   */
  saveToolSteps(
    scope: SystemScope,
    id: Id<'turn'>,
    token: string,
    steps: readonly ToolStep[],
  ): Promise<'kept' | 'lost' | 'gone'>;
  /** Ends a turn under its token. */
  end(scope: SystemScope, id: Id<'turn'>, token: string, end: TurnEnd): Promise<EndResult>;
  /** Marks an unfinished turn cancelled. False: it has ended, or is gone. */
  cancel(chat: ChatAccess, id: Id<'turn'>): Promise<boolean>;
  /**
   * Marks unfinished turns that a user asked for cancelled, at most `limit`; answers those that were not marked
   * before.
   */
  cancelOfUser(scope: SystemScope, user: string, limit: number): Promise<Id<'turn'>[]>;
  /** Marks every unfinished turn of the chat before `sequence` cancelled. */
  cancelBefore(chat: ChatAccess, sequence: number): Promise<void>;
  /** Of these turns, those that are there still, and whether they are marked cancelled. Not scoped: see `renew`. */
  listMarks(ids: readonly Id<'turn'>[]): Promise<{ id: Id<'turn'>; isCancelled: boolean }[]>;
  /** The turn that a request with this key made in this chat. */
  findByIdempotencyKey(chat: ChatAccess, idempotencyKey: string): Promise<TurnRecord | undefined>;
  /** How a turn stands, without its text. Undefined when it was deleted. */
  stand(chat: ChatAccess, id: Id<'turn'>): Promise<TurnStand | undefined>;
  /**
   * How turns stand, and of which team they are. Those that were deleted are missing. Not scoped: one look serves
   * the readers of all teams, and each compares the team with that of the chat it was let into.
   */
  listStands(
    ids: readonly Id<'turn'>[],
  ): Promise<(TurnStand & { readonly id: Id<'turn'>; readonly team: Id<'team'> })[]>;
  /** Of each chat the turn that follows the one named, where there is one. Not scoped: it tells a number. */
  listGrown(
    chats: readonly { readonly chat: Id<'chat'>; readonly after: number }[],
  ): Promise<{ readonly chat: Id<'chat'>; readonly sequence: number }[]>;
  /** The turns of a chat after `sequence`, in order, at most `limit`. */
  listAfter(chat: ChatAccess, sequence: number, limit: number): Promise<TurnRecord[]>;
  /** A turn as it stands. Undefined when it was deleted. */
  find(chat: ChatAccess, id: Id<'turn'>): Promise<TurnRecord | undefined>;
  /** Unfinished turns of all teams in the order of their ids, from after `after`, for the sweep. */
  listUnfinished(limit: number, after?: Id<'turn'>): Promise<UnfinishedTurn[]>;
  /** Whether all turns of the chat before `sequence` have ended. One that is not there counts as ended. */
  hasPredecessorEnded(scope: SystemScope, chat: Id<'chat'>, sequence: number): Promise<boolean>;
  /** How many turns of the team, or of the user the scope is bound to, are unfinished; counts to `limit` at most. */
  countUnfinished(scope: Scope, limit: number): Promise<number>;
  /**
   * How many turns from a network, of callers that are not privileged and of all teams, are running (`generating`) or
   * unfinished; counts to `limit` at most. Not scoped: an address has one bound, whatever teams it calls.
   */
  countFromNetwork(network: string, which: 'generating' | 'unfinished', limit: number): Promise<number>;
  /** Takes over the run that was seen with this lease, if it has shown no sign of life since. */
  takeOver(scope: SystemScope, id: Id<'turn'>, seen: Lease, token: string): Promise<TurnRecord | undefined>;
}
