import type {
  Id,
  ToolStep,
  TransferAgent,
  TransferChat,
  TransferTurn,
  TransferUsage,
} from '@parley/contract';
import type { ApiKeyKind } from './api-key.ts';
import type { ChatAccess } from './chat-access.ts';
import type { ReadGuard } from './credential-cache.ts';
import type {
  AgentInfo,
  AgentRecord,
  AgentSummary,
  AgentVersionRecord,
  ApiKeyFields,
  ApiKeyInfo,
  ApiKeyReach,
  ApiKeyRecord,
  AuditDetails,
  AuditEntryRecord,
  ChatChange,
  ChatFilter,
  ChatReach,
  ChatRecord,
  ChatTail,
  CredentialIds,
  CredentialView,
  DeletionRecord,
  GoneTurn,
  GuestMove,
  GuestRecord,
  Idempotency,
  IdleChat,
  IssuedApiKey,
  IssuedSigningSecret,
  IssuerLimits,
  KeptAgent,
  KeptChat,
  KeyIssuer,
  Lease,
  ListedMessage,
  LogBatch,
  MessagePosition,
  NewAgentFields,
  NewAuditEntry,
  NewChat,
  NewTurn,
  PageOf,
  QueuedTurn,
  RequestCount,
  Reservation,
  RetainingAgent,
  Scope,
  SigningSecretInfo,
  SigningSecretRecord,
  SystemScope,
  TeamChange,
  TeamInfo,
  TeamSettings,
  TokenIssuer,
  TokenIssuerSettings,
  TurnEnd,
  TurnOrigin,
  TurnRecord,
  TurnStand,
  TurnView,
  UnfinishedTurn,
  UsageQuery,
  UsageRecord,
  UsageSum,
  UserStatus,
} from './records.ts';

/*
 * The stores, as ports. Each function answers from the primary, and each write is acknowledged by a majority
 * and journaled before it returns. When the database cannot be reached, each throws the rejection
 * `database_unavailable` within seconds; whether the write happened is then unknown.
 */

export interface TeamStore {
  create(team: { id: Id<'team'>; name: string }): Promise<void>;
  exists(id: Id<'team'>): Promise<boolean>;
  /** The team of the first start; any team where that one is gone. Undefined when there is none at all. */
  findFirst(): Promise<{ id: Id<'team'>; isPending: boolean } | undefined>;
  /**
   * Makes the first team, pending: of any number of replicas one gets `true`. Pending means that what belongs
   * to it is still being made.
   */
  createFirst(team: { id: Id<'team'>; name: string }): Promise<boolean>;
  finishFirst(id: Id<'team'>): Promise<void>;
  get(scope: Scope): Promise<TeamInfo | undefined>;
  /** All teams in the order they were made, at most `limit`, from after `after`. For operators alone. */
  list(limit: number, after?: Id<'team'>): Promise<TeamInfo[]>;
  /** Changes what is given. Undefined when there is no such team. */
  update(scope: Scope, change: TeamChange): Promise<TeamInfo | undefined>;
  /** What the team has set, as it was known some seconds ago. */
  findSettings(scope: Scope): Promise<TeamSettings>;
  /**
   * Sets who signs tokens for the team's users, in place of the issuer before. Undefined: the key that sets it was
   * revoked in the meantime.
   */
  setTokenIssuer(
    scope: Scope,
    by: KeyIssuer,
    settings: TokenIssuerSettings,
  ): Promise<TokenIssuer | undefined>;
  /** Whether a family of keys, or a key below it, set the token issuer. */
  hasTokenIssuerOf(scope: Scope, family: Id<'key'>): Promise<boolean>;
  /** Removes the token issuer; with a family only the one that it, or a key below it, set. False: there is none. */
  deleteTokenIssuer(scope: Scope, family?: Id<'key'>): Promise<boolean>;
}

/** Keys. Of a scope with agents, only the keys for some of these agents are there. */
export interface ApiKeyStore {
  /** Stores a key that was minted; of its text only a hash and the visible start. Repeatable. */
  create(scope: Scope, key: string, fields?: ApiKeyFields & ApiKeyReach): Promise<void>;
  /** Makes a key that no other key issued. */
  issue(scope: Scope, kind: ApiKeyKind, fields: ApiKeyFields & ApiKeyReach): Promise<IssuedApiKey>;
  /** Makes a key that another one issues. Undefined: the issuer was revoked in the meantime. */
  issueFrom(
    scope: Scope,
    issuer: KeyIssuer,
    kind: ApiKeyKind,
    fields: ApiKeyFields & ApiKeyReach,
  ): Promise<IssuedApiKey | undefined>;
  get(scope: Scope, id: Id<'key'>): Promise<ApiKeyInfo | undefined>;
  /** Newest first, at most `limit`; also those that were revoked or have expired. */
  list(scope: Scope, limit: number): Promise<ApiKeyInfo[]>;
  /**
   * Changes what is given; an empty list of origins takes them away. An earlier end holds for the keys it issued as
   * well; that of a key that was rolled, for the keys it issued since then. `ended`: there is no such key that works.
   * `replaced`: the key was rolled, and gets no later end.
   */
  update(scope: Scope, id: Id<'key'>, fields: ApiKeyFields): Promise<ApiKeyInfo | 'ended' | 'replaced'>;
  /**
   * Makes a key in the place of an old one, which lives on until `until` at most. Undefined: there is no such key that
   * works.
   */
  roll(scope: Scope, id: Id<'key'>, until: Date): Promise<IssuedApiKey | undefined>;
  /**
   * Ends a key; every process rejects it within seconds. With `withIssued` no key that its family has issued is
   * accepted from then on; `listIssued` and `revokeIssued` then end them one by one. What a rolled key issued since it
   * was rolled ends with it. False: there is no such key.
   */
  revoke(scope: Scope, id: Id<'key'>, withIssued?: boolean): Promise<boolean>;
  /** Keys below a family that still work, at most `limit`. */
  listIssued(scope: Scope, family: Id<'key'>, limit: number): Promise<Id<'key'>[]>;
  /** Ends these keys of those below a family. */
  revokeIssued(scope: Scope, family: Id<'key'>, ids: readonly Id<'key'>[]): Promise<void>;
  /** What bounds a key that these families issued: their ends, origins and budgets. Undefined: they have ended. */
  findIssuerLimits(scope: Scope, issuers: readonly Id<'key'>[]): Promise<IssuerLimits | undefined>;
  /**
   * The key with this text, if it may be used now. Not scoped: it is what the scope comes from. `guard` stands before
   * a read for a key this process does not know.
   */
  find(key: string, guard?: ReadGuard): Promise<ApiKeyRecord | undefined>;
}

export interface GuestStore {
  /** Makes a guest of a key. Their token exists nowhere else. */
  create(scope: Scope, lineage: Id<'key'>): Promise<{ id: Id<'guest'>; token: string }>;
  /** `guard` stands before a read for a token this process does not know. */
  find(scope: Scope, token: string, guard?: ReadGuard): Promise<GuestRecord | undefined>;
  /** Notes, to about a day, that a guest was let in: from then on they are kept for `limits.guestSeconds`. */
  noteSeen(scope: Scope, guest: Pick<GuestRecord, 'id' | 'seenAt'>): Promise<void>;
  /**
   * Gives a guest's chats to a user, and ends the guest. Repeatable: a mark first, then the chats, and
   * `finishMove` moves what comes late. False: they are another user's, or there is no such guest.
   */
  move(scope: Scope, id: Id<'guest'>, user: string): Promise<boolean>;
  /** Moves that may have left chats behind, oldest first, at most `limit`; but not those of `except`. */
  listMoves(limit: number, except: readonly Id<'guest'>[]): Promise<GuestMove[]>;
  /** Moves what a crash, or a process that did not know yet, left behind. Repeatable. */
  finishMove(move: GuestMove): Promise<void>;
}

/** Who of a team's users is shut out, or was signed out. */
export interface UserStatusStore {
  /** Shuts a user out; answers since when. Every process rejects them within seconds. Repeatable. */
  block(scope: Scope, user: string): Promise<Date>;
  /** Lets a user in again. Repeatable. */
  unblock(scope: Scope, user: string): Promise<void>;
  /** Rejects every token that was issued until now; answers the time. */
  signOut(scope: Scope, user: string): Promise<Date>;
  /** As it was known some seconds ago; empty for a user who is neither. */
  find(scope: Scope, user: string): Promise<UserStatus>;
  /** Users of all teams who were blocked since then, the first ones first. */
  listBlockedSince(
    since: Date,
    limit: number,
  ): Promise<{ readonly team: Id<'team'>; readonly user: string }[]>;
}

/** What open streams were let in with. Not scoped: one read serves the streams of all teams. */
export interface CredentialStore {
  /** Reads them past every cache, with one query for each kind that there is. */
  read(ids: CredentialIds): Promise<CredentialView>;
}

export interface SigningSecretStore {
  /** Makes a secret; those before it work until `until` at most. Undefined: as many as may be work already. */
  create(scope: Scope, until: Date): Promise<IssuedSigningSecret | undefined>;
  /** Likewise, for a key that issues it. */
  issueFrom(
    scope: Scope,
    issuer: KeyIssuer,
    until: Date,
  ): Promise<IssuedSigningSecret | 'full' | 'issuer-revoked'>;
  /** The newest that works, to sign with; made when there is none. Nothing is changed in those there are. */
  ensure(scope: Scope): Promise<SigningSecretRecord>;
  /** Those that work, newest first. */
  list(scope: Scope): Promise<SigningSecretInfo[]>;
  /** Those that work and that a family of keys, or a key below it, issued. */
  listIssued(scope: Scope, family: Id<'key'>): Promise<Id<'secret'>[]>;
  /** Ends a secret; every process rejects its tokens within seconds. False: there is no such secret. */
  revoke(scope: Scope, id: Id<'secret'>): Promise<boolean>;
  /**
   * The secrets that work, as it was known some seconds ago; of a newer one, if a token names it, at once.
   */
  findWorking(scope: Scope, named?: Id<'secret'>, guard?: ReadGuard): Promise<SigningSecretRecord[]>;
}

/** The visitors of the chat page, as far as their cookies are concerned. */
export interface VisitorStore {
  /** What all servers sign the cookies with; made by the first to ask. `createdAt` is when that was. */
  cookieKey(): Promise<{ readonly key: string; readonly createdAt: Date }>;
  /**
   * Gives a user a cookie with a secret of this hash, in place of one of release 0.1.0. A user gets one once: answers
   * when that was, or undefined when their data has been deleted meanwhile.
   */
  exchange(scope: Scope, user: string, secretHash: string): Promise<Date | undefined>;
  /** The user who got a secret of this hash. */
  findExchanged(scope: Scope, secretHash: string): Promise<string | undefined>;
}

/** How many requests each key, user and address has made, summed over all processes. Kept for some minutes. */
export interface RequestCountStore {
  /** Adds to the counts, and answers the sums. */
  add(counts: readonly RequestCount[]): Promise<RequestCount[]>;
}

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

/**
 * Deletions, each written down before it is begun, so that whoever finds it goes on with it. Every step is
 * repeatable, by any number of processes at a time.
 */
export interface DeletionStore {
  /** Orders that all of a user be deleted. One that is under way is answered again. */
  begin(scope: Scope, user: string): Promise<DeletionRecord>;
  /** Orders that a team be deleted, with all it has. */
  beginTeam(team: Id<'team'>): Promise<DeletionRecord>;
  /** Those that are not finished, oldest first, from after `after` on. */
  listPending(limit: number, after?: Id<'deletion'>): Promise<DeletionRecord[]>;
  /**
   * Ends what lets them in: a team with its keys and secrets; a user's tokens as a guest. Answers the deletions
   * of the guests whose chats the user took over, which are theirs as well.
   */
  closeDoors(deletion: DeletionRecord): Promise<DeletionRecord[]>;
  /** Marks chats deleted, at most `limit`: they are gone for everyone. Answers how many it found. */
  markChats(deletion: DeletionRecord, limit: number): Promise<number>;
  /** Chats that were marked, and are not yet removed; but not those of `except`. */
  listChats(deletion: DeletionRecord, limit: number, except: readonly Id<'chat'>[]): Promise<Id<'chat'>[]>;
  /** Removes what is left of a chat whose turns are removed: also that there was one. */
  removeChat(deletion: DeletionRecord, chat: Id<'chat'>): Promise<void>;
  /** Removes what else there is, in any collection, at most `limit` of each. Answers how much it found. */
  removeRest(deletion: DeletionRecord, limit: number): Promise<number>;
  /**
   * Finishes it, unless a process may still remember a key or a guest that is gone: those of a team and of a
   * guest are looked after again until then. Answers the finished one.
   */
  finish(deletion: DeletionRecord, now: Date): Promise<DeletionRecord | undefined>;
}

/** Who did what in a team. */
export interface AuditStore {
  /** Writes an entry before its act is done. */
  begin(scope: Scope, entry: NewAuditEntry): Promise<Id<'audit'>>;
  /** Likewise for several acts. */
  beginAll(scope: Scope, entries: readonly NewAuditEntry[]): Promise<Id<'audit'>[]>;
  /** Says that the act was done, and to what. */
  finish(scope: Scope, id: Id<'audit'>, target?: string, details?: AuditDetails): Promise<void>;
  finishAll(scope: Scope, ids: readonly Id<'audit'>[]): Promise<void>;
  /** Takes an entry back whose act was rejected. */
  withdraw(scope: Scope, id: Id<'audit'>): Promise<void>;
  /** Writes an entry of something that happened; the same again within the hour only in another process. */
  note(scope: Scope, entry: NewAuditEntry): Promise<void>;
  /** Writes an entry of an act that was rejected, likewise. */
  noteRejected(scope: Scope, entry: NewAuditEntry): Promise<void>;
  /** Newest first, at most `limit`, from after the entry `after` on. */
  list(
    scope: Scope,
    page: { limit: number; after?: Id<'audit'> },
  ): Promise<PageOf<AuditEntryRecord, Id<'audit'>>>;
}

export interface ChatStore {
  /**
   * Chats of an agent in which nothing has been said since `before`: none of their turns is unfinished, or ended
   * later, and they were made earlier. Looks at `limit` chats from after `after` on, in the order of their ids;
   * `next` is where to go on. `sequence` is the newest turn's: the one that was looked at.
   */
  listIdle(
    scope: SystemScope,
    agent: Id<'agent'>,
    before: Date,
    page: { limit: number; after?: Id<'chat'> },
  ): Promise<PageOf<IdleChat, Id<'chat'>>>;
  create(scope: Scope, chat: NewChat): Promise<ChatRecord>;
  /** Makes a chat, unless a request with the same key made one before: then answers that one. */
  createOnce(scope: Scope, chat: NewChat, idempotency: Idempotency): Promise<ChatRecord | { kept: KeptChat }>;
  /** The chat that a request with this key made. */
  findByIdempotencyKey(scope: Scope, idempotencyKey: string): Promise<KeptChat | undefined>;
  /** The chat, if the scope reaches it. */
  find(scope: Scope, id: Id<'chat'>): Promise<ChatAccess | undefined>;
  /**
   * Whose these chats are; those that are gone are missing. Not scoped: one look serves the followers of all teams,
   * and each compares it with its own scope.
   */
  listReach(ids: readonly Id<'chat'>[]): Promise<ChatReach[]>;
  /** Newest first, at most `limit`, from after the chat `after` on. */
  list(
    scope: Scope,
    filter: ChatFilter,
    page: { limit: number; after?: Id<'chat'> },
  ): Promise<PageOf<ChatRecord, Id<'chat'>>>;
  /** Changes what is given. Undefined when there is no such chat. */
  update(scope: Scope, id: Id<'chat'>, change: ChatChange): Promise<ChatRecord | undefined>;
  /** Gives the chat a title unless it has one. */
  setInitialTitle(chat: ChatAccess, title: string): Promise<void>;
  /** Marks the chat deleted: a tombstone without content stays. False when there was none. */
  markDeleted(scope: Scope, id: Id<'chat'>): Promise<boolean>;
  /**
   * Inserts the deletion marker of a chat that is marked deleted behind its newest turn, so that no turn can be
   * inserted after it. Repeatable, and without effect on any other chat. False: another turn took the place; try
   * again.
   */
  insertMarker(id: Id<'chat'>): Promise<boolean>;
  /**
   * Inserts the deletion marker behind exactly the turn `sequence`, before the chat is marked deleted. False:
   * the chat has a newer turn. True also when the chat has its marker already.
   */
  insertMarkerBehind(scope: SystemScope, id: Id<'chat'>, sequence: number): Promise<boolean>;
  /** Chats with a marker that may not be marked deleted yet, at most `limit`: what a crash left behind. */
  listUnmarked(
    limit: number,
    except: readonly Id<'chat'>[],
  ): Promise<{ team: Id<'team'>; chat: Id<'chat'> }[]>;
  /** Chats that are marked deleted and not yet purged, at most `limit`: what a crash left behind. */
  listMarked(limit: number, except: readonly Id<'chat'>[]): Promise<Id<'chat'>[]>;
  /**
   * Removes all turns of a chat that is marked deleted, and their logs. What they used is counted with their
   * removal, and what was reserved for those that have not ended is given back. The marker stays as long as
   * the tombstone. Repeatable.
   */
  purge(id: Id<'chat'>): Promise<void>;
}

export interface MessageStore {
  /** All messages a list shows, in the given order, at most `limit`, from after `after` on. */
  list(
    chat: ChatAccess,
    page: { limit: number; order: 'asc' | 'desc'; after?: MessagePosition },
  ): Promise<PageOf<ListedMessage, MessagePosition>>;
}

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

/** What was used, by day: a sum for each agent, user, key and model of a team. */
export interface UsageStore {
  /**
   * Counts those of these turns that have ended and are not counted yet: each once, whoever else counts it at
   * the same time. Settles their reservations with it. Answers how many it counted.
   */
  count(turns: readonly Id<'turn'>[]): Promise<number>;
  /** Ended turns of all teams that are not counted, in the order of their ids, from after `after` on. */
  listUncounted(limit: number, after?: Id<'turn'>): Promise<Id<'turn'>[]>;
  /** Adds what a turn used that is gone. Its reservations were given back with its removal. Not repeatable. */
  add(scope: SystemScope, gone: GoneTurn): Promise<void>;
  /** Sums by one field, in its order, at most `limit`, from after the name `after` on; of the scope's user and agents. */
  list(
    scope: Scope,
    query: UsageQuery,
    page: { limit: number; after?: string },
  ): Promise<PageOf<UsageSum, string>>;
}

/** What is left of budgets, day by day. Kept for some days. */
export interface BudgetStore {
  /**
   * Takes tokens from a budget of `tokensPerDay` unless it is spent: of any number of processes at most one takes
   * more than was left. False: nothing was taken.
   */
  reserve(scope: Scope, reservation: Reservation, tokensPerDay: number): Promise<boolean>;
  /** Gives back what was reserved for a turn that was not accepted. */
  giveBack(scope: Scope, reservations: readonly Reservation[]): Promise<void>;
}

/**
 * The log of running answers, so that any process can show them. It may lag behind what the runner has shown,
 * and ends some hours after it was written: the ended turn holds the whole text.
 */
export interface TurnLogStore {
  /** Stores pieces of any number of answers with one write. Repeatable: a piece that is there already stays. */
  append(batches: readonly LogBatch[]): Promise<void>;
  /** What the log holds of a run's text from `from` on, up to the first gap. */
  read(scope: SystemScope, turn: Id<'turn'>, attempt: number, from: number): Promise<string>;
  /** Removes what the log holds of a turn. */
  remove(scope: SystemScope, turn: Id<'turn'>): Promise<void>;
}

/** What was stored by someone's import: it was not there; it was, and stays; or something else has its id. */
export type Added = 'added' | 'there' | 'taken';

/** A team's data on its way out and in, page by page, in an order that does not change meanwhile. */
export interface TransferStore {
  listAgents(scope: Scope, limit: number, after?: Id<'agent'>): Promise<TransferAgent[]>;
  /** Of the team, or of the user the scope names. */
  listChats(scope: Scope, limit: number, after?: Id<'chat'>): Promise<TransferChat[]>;
  /** Turns after the sequence `after`, up to the first that has not ended; how many there are from that one on. */
  listTurns(
    scope: Scope,
    chat: Id<'chat'>,
    limit: number,
    after: number,
  ): Promise<{ turns: TransferTurn[]; isLast: boolean; leftOut: number }>;
  listUsage(scope: Scope, limit: number, after?: Pick<TransferUsage, 'id' | 'day'>): Promise<TransferUsage[]>;
  addAgent(scope: Scope, agent: TransferAgent): Promise<Added>;
  /** Whether the chat is there; `taken`: it is another team's, or was deleted. */
  standOfChat(scope: Scope, chat: Id<'chat'>): Promise<'absent' | 'there' | 'taken'>;
  /** Adds those that are not there. `taken`: other turns have their places. */
  addTurns(
    scope: Scope,
    chat: Id<'chat'>,
    turns: readonly TransferTurn[],
  ): Promise<{ added: number } | 'taken'>;
  /** After its turns: a chat that is there is whole. */
  addChat(scope: Scope, chat: TransferChat): Promise<Added>;
  addUsage(scope: Scope, row: TransferUsage): Promise<Added>;
}

export interface Stores {
  readonly teams: TeamStore;
  readonly apiKeys: ApiKeyStore;
  readonly requestCounts: RequestCountStore;
  readonly guests: GuestStore;
  readonly signingSecrets: SigningSecretStore;
  readonly userStatuses: UserStatusStore;
  readonly credentials: CredentialStore;
  readonly visitors: VisitorStore;
  readonly agents: AgentStore;
  readonly audit: AuditStore;
  readonly deletions: DeletionStore;
  readonly chats: ChatStore;
  readonly messages: MessageStore;
  readonly turns: TurnStore;
  readonly turnLog: TurnLogStore;
  readonly usage: UsageStore;
  readonly budgets: BudgetStore;
  readonly transfer: TransferStore;
}
