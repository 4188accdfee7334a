import type { Id } from '@parley/contract';
import type { Idempotency } from '../idempotency.ts';
import type { PageOf } from '../page.ts';
import type { Scope, SystemScope } from '../scope.ts';
import type { ChatAccess } from './chat-access.ts';
import type {
  ChatChange,
  ChatFilter,
  ChatReach,
  ChatRecord,
  IdleChat,
  KeptChat,
  NewChat,
} from './chat-records.ts';

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
