import type { Id } from '@parley/contract';
import type { Idempotency } from '../idempotency.ts';
import type { PageOf } from '../page.ts';
import type { Scope, SystemScope } from '../scope.ts';
import type { ChatAccess } from './chat-access.ts';
import type {
  ChatChange,
  ChatFilter,
  ChatPosition,
  ChatReach,
  ChatRecord,
  ChatReplay,
  ChatUse,
  ChatUseFilter,
  IdleChat,
  NewChat,
  PathChoice,
} from './chat-records.ts';

/**
 * The chats of a team. Functions with a `Scope` only see chats that the scope may access; a chat that is deleted is missing
 * for all of them.
 */
export interface ChatStore {
  /**
   * Chats of an agent that are idle since `before`: they were created earlier, no turn is unfinished, and none ended later.
   * Checks `limit` chats after `after`, in the order of their ids; `next` is the last one it checked. `sequence` is that of
   * the newest turn.
   */
  listIdle(
    scope: SystemScope,
    agent: Id<'agent'>,
    before: Date,
    page: { limit: number; after?: Id<'chat'> },
  ): Promise<PageOf<IdleChat, Id<'chat'>>>;
  create(scope: Scope, chat: NewChat): Promise<ChatRecord>;
  /** Creates a chat, unless an earlier request with the same idempotency key did: then returns that chat. */
  createOnce(
    scope: Scope,
    chat: NewChat,
    idempotency: Idempotency,
  ): Promise<ChatRecord | { replay: ChatReplay }>;
  /** The chat that a request with this idempotency key created. */
  findByIdempotencyKey(scope: Scope, idempotencyKey: string): Promise<ChatReplay | undefined>;
  /** The chat, if the scope may access it. */
  find(scope: Scope, id: Id<'chat'>): Promise<ChatAccess | undefined>;
  /**
   * The team, user and agent of these chats. Deleted chats are missing. Not scoped: one query serves the followers of
   * all teams, and each follower compares the result with its own scope.
   */
  listReach(ids: readonly Id<'chat'>[]): Promise<ChatReach[]>;
  /**
   * The chats with these ids. Deleted chats are missing. Not scoped: one query serves the followers of all lists, and
   * each follower compares the result with its own scope.
   */
  listByIds(ids: readonly Id<'chat'>[]): Promise<ChatRecord[]>;
  /** At most `limit` chats after `after`, newest first. */
  list(
    scope: Scope,
    filter: ChatFilter,
    page: { limit: number; after?: Id<'chat'> },
  ): Promise<PageOf<ChatRecord, Id<'chat'>>>;
  /** At most `limit` chats after `after`, the last used first. */
  listByUse(
    scope: Scope,
    filter: ChatUseFilter,
    page: { limit: number; after?: ChatPosition },
  ): Promise<PageOf<ChatRecord, ChatPosition>>;
  /**
   * Notes the newest uses of chats, for the engine's background work. A use that is older than the noted one changes
   * nothing, nor does one of a deleted chat.
   */
  noteUses(uses: readonly ChatUse[]): Promise<void>;
  /** Changes the given fields. Undefined if the scope has no such chat. */
  update(scope: Scope, id: Id<'chat'>, change: ChatChange): Promise<ChatRecord | undefined>;
  /**
   * Marks that some turns of the chat may not be shown, and raises its revision. Call it before the first of them is inserted.
   */
  markVersions(chat: ChatAccess): Promise<void>;
  /** Stores the choice of a path; undefined for the path of the newest turn. */
  choosePath(chat: ChatAccess, choice: PathChoice | undefined): Promise<void>;
  /** Sets the title of a chat that has none. */
  setInitialTitle(chat: ChatAccess, title: string): Promise<void>;
  /** Marks the chat deleted: a tombstone without content stays. False if the scope has no such chat. */
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
  /** At most `limit` chats with a marker that may not be marked deleted yet, because a process crashed in between. */
  listUnmarked(
    limit: number,
    except: readonly Id<'chat'>[],
  ): Promise<{ team: Id<'team'>; chat: Id<'chat'> }[]>;
  /** At most `limit` chats that are marked deleted and not purged yet. */
  listMarked(limit: number, except: readonly Id<'chat'>[]): Promise<Id<'chat'>[]>;
  /**
   * Removes all turns of a chat that is marked deleted, their logs, and the feedback on their answers. What they used is
   * counted with their removal, and what was reserved for those that have not ended is given back. The marker stays as long as
   * the tombstone. Repeatable.
   */
  purge(id: Id<'chat'>): Promise<void>;
}
