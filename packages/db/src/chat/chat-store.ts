import { ApiError, compact, compactAs, firstIdAt, type Id, markerIdOf } from '@parley/contract';
import { trusted } from 'mongoose';
import type { ChatInserts } from '../batching/chat-inserts.ts';
import type { ChatUseBatches } from '../batching/chat-use-batches.ts';
import type { ReadBatches } from '../batching/read-batches.ts';
import type { TitleBatches } from '../batching/title-batches.ts';
import { createChatChanges } from '../chat-change/chat-changes.ts';
import { databaseOf } from '../connection/database-of.ts';
import { feedbackOf } from '../feedback/feedback-id.ts';
import { createFileRemover } from '../file/remove-files.ts';
import { filterOf, lessThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import { createSearchEntries } from '../search/search-entries.ts';
import { createTurnRemover, notRemoved } from '../turn/remove-turns.ts';
import { isEnded } from '../turn/turn-status.ts';
import { rangeOf } from '../turn-log/turn-log-store.ts';
import { createTurnCounter } from '../usage/count-turns.ts';
import { accessTo } from './chat-access.ts';
import {
  type ChatDocument,
  newChatRecord,
  recordFields,
  toChatDocument,
  toChatRecord,
  toContent,
  tombstoneUpdate,
  useUpdate,
} from './chat-model.ts';
import type { ChatStore } from './chat-port.ts';
import type {
  ChatPosition,
  ChatReach,
  ChatRecord,
  ChatReplay,
  ChatUseFilter,
  NewChat,
} from './chat-records.ts';
import { chatsWithin } from './chats-within.ts';
import { createMarkers, isMarker } from './deletion-marker.ts';
import { wordsOf } from './title-words.ts';

const PURGE_PAGE = 200;
const FILES_PAGE = 20;

const reachFields = { team: 1, user: 1, agent: 1, revision: 1, hasVersions: 1 } as const;

/** Part of every update that is no new turn and that followers of the chat have to see. */
const raiseRevision = { $inc: { revision: 1 } } as const;

/** Hints for searches, because the planner prefers to read all chats while there are few. */
const TITLES = { team: 1, titleBeginnings: 1, _id: -1 } as const;
const TITLES_OF_USER = { team: 1, user: 1, titleBeginnings: 1, _id: -1 } as const;

/** The index is searched for the first word, so the longest comes first: it matches the fewest chats. */
const longestFirst = ([one = '']: readonly string[], [other = '']: readonly string[]) =>
  other.length - one.length;

/** Matches titles that contain a word in one of these spellings. */
function hasTitleWord(spellings: readonly string[]) {
  return { titleBeginnings: trusted({ $in: [...spellings] }) };
}

/** The batches through which the store of chats reads, creates and names single chats. */
export interface ChatBatches {
  readonly reads: Pick<ReadBatches, 'findChat'>;
  readonly inserts: ChatInserts;
  readonly titles: TitleBatches;
  readonly uses: ChatUseBatches;
}

/** Creates the store of chats. */
export function createChatStore(models: Models, { reads, inserts, titles, uses }: ChatBatches): ChatStore {
  const { chats, turns, turnLog, feedback } = models;
  const hotChats = databaseOf(chats.db).collection<ChatDocument>(chats.collection.name);
  const counter = createTurnCounter(models);
  const markers = createMarkers(models);
  const changes = createChatChanges(models);
  const remover = createTurnRemover(models);
  const search = createSearchEntries(models);
  const { removeFiles } = createFileRemover(models);
  return {
    async create(scope, chat) {
      const record = toNewRecord(scope, chat);
      const inserted = await inserts.insert(toChatDocument(record, chat.agentType));
      if (inserted === 'duplicate') throw new Error(`the new id ${record.id} is taken`);
      return record;
    },

    async createOnce(scope, chat, idempotency) {
      const record = toNewRecord(scope, chat);
      const inserted = await inserts.insert(toChatDocument(record, chat.agentType, idempotency));
      if (inserted === 'inserted') return record;
      const replay = await findByIdempotencyKey(scope, idempotency.key);
      // A majority may not have acknowledged the other chat yet. The caller then repeats the request.
      if (!replay) throw new ApiError('database_unavailable');
      return { replay };
    },

    findByIdempotencyKey,

    find: reads.findChat,

    async listReach(ids) {
      const isThere = { _id: trusted({ $in: [...ids] }), team: trusted({ $exists: true }) };
      const found = await chats.find(isThere, reachFields).lean();
      return found.flatMap(({ _id: id, team, user, agent, revision, hasVersions }) =>
        team && agent ? [compactAs<ChatReach>({ id, team, agent, user, revision, hasVersions })] : [],
      );
    },

    async listByIds(ids) {
      const isThere = { _id: trusted({ $in: [...ids] }), team: trusted({ $exists: true }) };
      return (await chats.find(isThere, recordFields).lean()).map(toChatRecord);
    },

    async list(scope, { user = scope.user, agentType, search }, { limit, after }) {
      if (scope.user !== undefined && user !== scope.user) return { items: [] };
      const words = search === undefined ? undefined : wordsOf(search);
      // The search has no words, only punctuation: it matches no title.
      if (words?.length === 0) return { items: [] };
      const $and = words?.sort(longestFirst).map(hasTitleWord);
      const hint = words && (user === undefined ? TITLES : TITLES_OF_USER);
      // Without Mongoose's casting, as the commands of every message. The whole page comes in one reply.
      const found = await hotChats
        .find(filterOf(chatsWithin(scope), { user, agentType, $and, _id: lessThan(after) }), {
          ...{ projection: recordFields, sort: { _id: -1 }, limit: limit + 1, batchSize: limit + 1 },
          ...(hint && { hint }),
        })
        .toArray();
      const items = found.slice(0, limit).map(toChatRecord);
      const last = items.at(-1);
      return found.length > limit && last ? { items, next: last.id } : { items };
    },

    async listByUse(scope, { user = scope.user, agentType }, { limit, after }) {
      if (scope.user !== undefined && user !== scope.user) return { items: [] };
      const filter = { ...(user !== undefined && { user }), ...(agentType !== undefined && { agentType }) };
      const found = await findByUse(scope, filter, limit + 1, after);
      // A page after a time holds only chats with a time. The others follow.
      if (found.length <= limit && after?.updatedAt)
        found.push(...(await findByUse(scope, filter, limit + 1 - found.length, 'untimed')));
      const items = found.slice(0, limit).map(toChatRecord);
      const last = items.at(-1);
      return found.length > limit && last ? { items, next: positionOf(last) } : { items };
    },

    async noteUses(all) {
      await Promise.all(all.map(uses.noteUse));
    },

    async listIdle({ team }, agent, before, { limit, after }) {
      const made = compact({ $lt: firstIdAt(before, 'chat'), $gt: after });
      const found = await chats
        .find({ team, agent, _id: trusted(made) }, { _id: 1 })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      const ids = found.map(({ _id }) => _id);
      const newest = await Promise.all(
        ids.map((chat) =>
          turns
            .findOne({ chat, team }, { chat: 1, sequence: 1, status: 1, endedAt: 1 })
            .sort({ sequence: -1 })
            .lean(),
        ),
      );
      const items = ids.flatMap((chat, index) => {
        const turn = newest[index];
        if (!turn) return { id: chat, sequence: 0 };
        const isIdle = isEnded(turn.status) && turn.endedAt !== undefined && turn.endedAt < before;
        // A chat with a marker is being deleted already.
        return isIdle && !isMarker(turn) ? { id: chat, sequence: turn.sequence } : [];
      });
      const last = ids.at(-1);
      return ids.length === limit && last ? { items, next: last } : { items };
    },

    async update(scope, id, change) {
      const $set = compact(toContent(change));
      const isChange = Object.keys($set).length > 0;
      const update = { $set, ...(isChange && { ...useUpdate({ at: new Date() }), ...raiseRevision }) };
      const found = await chats
        .findOneAndUpdate({ _id: id, ...chatsWithin(scope) }, update, { returnDocument: 'after' })
        .lean();
      if (found && isChange) await changes.announce([id]);
      return found ? toChatRecord(found) : undefined;
    },

    async markVersions({ chat: { id: _id, team } }) {
      await chats.updateOne({ _id, team }, { $set: { hasVersions: true }, ...raiseRevision });
    },

    async choosePath({ chat: { id: _id }, scope }, choice) {
      const change = choice ? { $set: { choice } } : { $unset: { choice: 1 as const } };
      await chats.updateOne({ _id, ...chatsWithin(scope) }, { ...change, ...raiseRevision });
    },

    setInitialTitle: ({ chat: { id: chat, team } }, title) => titles.setTitle({ team, chat, title }),

    async markDeleted(scope, id) {
      // A tombstone names no owner: the purge only announces again what was announced before.
      await changes.announce([id], chatsWithin(scope));
      const { matchedCount } = await chats.updateOne({ _id: id, ...chatsWithin(scope) }, tombstoneUpdate());
      return matchedCount === 1;
    },

    insertMarker: (id) => markers.insert(id),

    insertMarkerBehind: ({ team }, id, sequence) => markers.insertBehind(team, id, sequence),

    listUnmarked: (limit, except) => markers.listPending(limit, except),

    async listMarked(limit, except) {
      const found = await chats
        .find({ deletedAt: trusted({ $exists: true }), _id: trusted({ $nin: [...except] }) }, { _id: 1 })
        .sort({ deletedAt: 1 })
        .limit(limit)
        .lean();
      return found.map(({ _id }) => _id);
    },

    async purge(id) {
      await changes.announceDeletion(id);
      await purgeLogs(id);
      await feedback.deleteMany({ _id: trusted(feedbackOf(id)) });
      await search.remove(id);
      while ((await removeFiles({ chat: id }, FILES_PAGE)) === FILES_PAGE);
      // A turn that ends just now is found in the next round. No turn is removed before it is counted.
      const all = { chat: id, _id: trusted({ $ne: markerIdOf(id) }), ...notRemoved };
      do {
        while ((await counter.remove(id, PURGE_PAGE)) === PURGE_PAGE);
        await remover.removeSettled(id, markerIdOf(id));
      } while ((await turns.exists(all)) !== null);
      const purgedAt = new Date();
      await markers.settle(id, purgedAt);
      const purged = { $set: { purgedAt }, $unset: { deletedAt: 1 } };
      await chats.updateOne({ _id: id, deletedAt: trusted({ $exists: true }) }, purged);
    },
  };

  async function findByIdempotencyKey(scope: Scope, idempotencyKey: string): Promise<ChatReplay | undefined> {
    const found = await chats.findOne({ 'idempotency.key': idempotencyKey }).lean();
    if (!found?.idempotency) return undefined;
    const { body } = found.idempotency;
    // A tombstone names no team. The hash of the key already includes the team's API key.
    if (found.team === undefined) return { body, chat: undefined };
    const access = accessTo(scope, toChatRecord(found));
    return access && { body, chat: access.chat };
  }

  function findByUse(
    scope: Scope,
    { user, agentType }: ChatUseFilter,
    limit: number,
    after: ChatPosition | 'untimed' | undefined,
  ): Promise<ChatDocument[]> {
    const filter = filterOf(chatsWithin(scope), { user, agentType, ...behind(after) });
    return hotChats
      .find(filter, {
        ...{ projection: recordFields, sort: { updatedAt: -1, _id: -1 }, limit, batchSize: limit },
      })
      .toArray();
  }

  /** Turns are read page by page, because a chat may have thousands. Most no longer have a log. */
  async function purgeLogs(chat: Id<'chat'>): Promise<void> {
    for (let after = 0; ; ) {
      const page = await turns
        .find({ chat, sequence: trusted({ $gt: after }) }, { sequence: 1 })
        .sort({ sequence: 1 })
        .limit(PURGE_PAGE)
        .lean();
      if (page.length > 0)
        await turnLog.deleteMany({ $or: page.map(({ _id }) => ({ _id: trusted(rangeOf(_id)) })) });
      if (page.length < PURGE_PAGE) return;
      after = page.at(-1)?.sequence ?? after;
    }
  }
}

/** The place of a chat in the list by last use. */
function positionOf({ id, updatedAt }: ChatRecord): ChatPosition {
  return { id, ...(updatedAt && { updatedAt }) };
}

/** Matches the chats after a place in the list by last use, with a time if the place has one. */
function behind(after: ChatPosition | 'untimed' | undefined) {
  if (after === undefined) return {};
  if (after === 'untimed') return { updatedAt: trusted({ $exists: false }) };
  const { id, updatedAt } = after;
  if (!updatedAt) return { updatedAt: trusted({ $exists: false }), _id: trusted({ $lt: id }) };
  // The range is in the order of the index, and leaves few chats of the same millisecond to the second condition.
  return {
    updatedAt: trusted({ $lte: updatedAt }),
    $or: [{ updatedAt: trusted({ $lt: updatedAt }) }, { _id: trusted({ $lt: id }) }],
  };
}

/** @throws Error when the scope that creates the chat could not access it */
function toNewRecord(scope: Scope, chat: NewChat): ChatRecord {
  const record = newChatRecord(scope.team, chat);
  if (!accessTo(scope, record)) throw new Error('a chat is created within the scope of its creator');
  return record;
}
