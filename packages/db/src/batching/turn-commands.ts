import { compact, type Id } from '@parley/contract';
import type { mongo } from 'mongoose';
import { type ChatDocument, recordFields, toChatRecord, toContent, useUpdate } from '../chat/chat-model.ts';
import { isDuplicateKey } from '../connection/database-errors.ts';
import { databaseOf } from '../connection/database-of.ts';
import { listedFields } from '../message/listed-turn.ts';
import type { Models } from '../models.ts';
import { endUpdate, toDocument } from '../turn/turn-document.ts';
import { historyFields } from '../turn/turn-history.ts';
import type { TurnDocument } from '../turn/turn-model.ts';
import type { EndResult } from '../turn/turn-port.ts';
import { isEnded } from '../turn/turn-status.ts';
import type { Outcome } from './batcher.ts';
import { insertOutcomes, updateErrors } from './bulk-outcomes.ts';
import type { ChatInsertCommands } from './chat-inserts.ts';
import type { ChatUseCommands } from './chat-use-batches.ts';
import type { ReadCommands, TurnInRange } from './read-batches.ts';
import type { InitialTitle, TitleCommands } from './title-batches.ts';
import type { PageCommands, PagedTurn, PageRange } from './turn-pages.ts';
import type { Ending, InsertOutcome, WriteCommands } from './write-batches.ts';

const rangeFields = { team: 1, chat: 1, sequence: 1, status: 1, textBytes: 1, ...historyFields } as const;
const pagedFields = { team: 1, chat: 1, ...listedFields } as const;
const endFields = { team: 1, status: 1, 'lease.token': 1, hasSuccessor: 1 } as const;

/** One reply holds 16 MB; by default the driver would request only the first hundred documents. */
const REPLY_DOCUMENTS = 10_000;

/**
 * The commands of every message use the driver's own collections, without Mongoose's casting: it costs a tenth of the
 * message, and the filters are built here, field by field, from typed values. They carry a signal. When it aborts,
 * the driver closes the connection of the command.
 */
export function createReadCommands({ chats, turns }: Models): ReadCommands {
  const database = databaseOf(turns.db);
  const hotChats = database.collection<ChatDocument>(chats.collection.name);
  const hotTurns = database.collection<TurnDocument>(turns.collection.name);
  return {
    async findChats(asked, signal) {
      const filter = withinTeams(asked.map(({ scope, id }) => ({ team: scope.team, id })));
      const found = await hotChats
        .find(filter, { projection: recordFields, batchSize: REPLY_DOCUMENTS, signal })
        .toArray();
      return found.map(toChatRecord);
    },

    async findTurns(ranges, signal) {
      const found = await hotTurns
        .find<TurnInRange>(anyOf(ranges.map(rangeFilter)), {
          projection: rangeFields,
          batchSize: REPLY_DOCUMENTS,
          signal,
        })
        .toArray();
      return found;
    },
  };
}

/** The commands that write turns, under the same rules. */
export function createWriteCommands({ turns }: Models): WriteCommands {
  const hot = databaseOf(turns.db).collection<TurnDocument>(turns.collection.name);
  return {
    insertOne: ({ turn, team }, signal) => insertOne(hot, toDocument(turn, team), signal),

    insertMany: (inserts, signal) =>
      insertMany(
        hot,
        inserts.map(({ turn, team }) => toDocument(turn, team)),
        signal,
      ),

    async endOne({ id, team, token, end }, signal): Promise<EndResult> {
      const ended = await hot.findOneAndUpdate(
        { _id: id, team, status: 'generating', 'lease.token': token },
        endUpdate(end),
        { projection: { hasSuccessor: 1 }, ...withSignal(signal) },
      );
      if (ended) return { result: 'ended', hasSuccessor: ended.hasSuccessor === true };
      const now = await hot.findOne({ _id: id, team }, { projection: endFields, signal });
      if (!now) return { result: 'deleted' };
      const endedByUs = isEnded(now.status) && now.lease?.token === token;
      return endedByUs ? { result: 'ended', hasSuccessor: now.hasSuccessor === true } : { result: 'lost' };
    },

    async endMany(endings, signal) {
      try {
        const updates = endings.map((ending) => ({ updateOne: guardedEnd(ending) }));
        const { matchedCount } = await hot.bulkWrite(updates, { ordered: false, ...withSignal(signal) });
        return { ended: matchedCount, errors: new Map() };
      } catch (error) {
        return updateErrors(error);
      }
    },

    async findTurns(endings, signal) {
      const found = await hot
        .find(withinTeams(endings), { projection: endFields, batchSize: REPLY_DOCUMENTS, signal })
        .toArray();
      return found.map(({ _id: id, team, status, lease, hasSuccessor }) => ({
        ...{ id, team, status },
        token: lease?.token,
        hasSuccessor: hasSuccessor === true,
      }));
    },
  };
}

/** The command that inserts chats, under the same rules. */
export function createChatInsertCommands({ chats }: Models): ChatInsertCommands {
  const hot = databaseOf(chats.db).collection<ChatDocument>(chats.collection.name);
  return {
    async insertChats(documents, signal) {
      const [only] = documents;
      if (only && documents.length === 1) return [{ result: await insertOne(hot, only, signal) }];
      return insertMany(hot, documents, signal);
    },
  };
}

/** The command that reads pages of turns for lists of messages, under the same rules. */
export function createPageCommands({ turns }: Models): PageCommands {
  const hot = databaseOf(turns.db).collection<TurnDocument>(turns.collection.name);
  return {
    findPages: (ranges, signal) =>
      hot
        .find<PagedTurn>(anyOf(ranges.map(rangeFilter)), {
          projection: pagedFields,
          batchSize: REPLY_DOCUMENTS,
          signal,
        })
        .toArray(),
  };
}

/** The command that sets the titles of new chats, on the same terms. */
export function createTitleCommands({ chats }: Models): TitleCommands {
  const hot = databaseOf(chats.db).collection<ChatDocument>(chats.collection.name);
  return {
    setTitles: (titles, signal) => updateAll(hot, titles.map(guardedTitle), signal),
  };
}

/** The command that notes when chats were used, on the same terms. */
export function createChatUseCommands({ chats }: Models): ChatUseCommands {
  const hot = databaseOf(chats.db).collection<ChatDocument>(chats.collection.name);
  return {
    noteUses: (uses, signal) =>
      updateAll(
        hot,
        // A tombstone names no team, so a deleted chat stays as it is.
        uses.map(({ team, chat, ...use }) => ({ filter: { _id: chat, team }, update: useUpdate(use) })),
        signal,
      ),
  };
}

/** Sends one command for several updates. One of them alone is sent by the plain command. */
async function updateAll<Stored extends mongo.Document>(
  hot: mongo.Collection<Stored>,
  updates: readonly { filter: mongo.Filter<Stored>; update: mongo.UpdateFilter<Stored> }[],
  signal: AbortSignal,
): Promise<Outcome<void>[]> {
  const [only] = updates;
  if (only && updates.length === 1) {
    await hot.updateOne(only.filter, only.update, withSignal(signal));
    return [{ result: undefined }];
  }
  try {
    const all = updates.map((updateOne) => ({ updateOne }));
    await hot.bulkWrite(all, { ordered: false, ...withSignal(signal) });
    return updates.map(() => ({ result: undefined }));
  } catch (error) {
    const { errors } = updateErrors(error);
    return updates.map((_, index) =>
      errors.has(index) ? { error: errors.get(index) } : { result: undefined },
    );
  }
}

async function insertOne<Stored extends mongo.Document>(
  hot: mongo.Collection<Stored>,
  document: mongo.OptionalUnlessRequiredId<Stored>,
  signal: AbortSignal,
): Promise<InsertOutcome> {
  try {
    await hot.insertOne(document, withSignal(signal));
    return 'inserted';
  } catch (error) {
    if (isDuplicateKey(error)) return 'duplicate';
    throw error;
  }
}

async function insertMany<Stored extends mongo.Document>(
  hot: mongo.Collection<Stored>,
  documents: readonly mongo.OptionalUnlessRequiredId<Stored>[],
  signal: AbortSignal,
): Promise<readonly Outcome<InsertOutcome>[]> {
  try {
    await hot.insertMany([...documents], { ordered: false, ...withSignal(signal) });
    return documents.map(() => ({ result: 'inserted' }));
  } catch (error) {
    return insertOutcomes(error, documents.length);
  }
}

function guardedTitle({ team, chat, title }: InitialTitle) {
  return {
    filter: { _id: chat, team, title: { $exists: false } } as const,
    update: { $set: compact(toContent({ title })) },
  };
}

function guardedEnd({ id, team, token, end }: Ending) {
  return {
    // A turn with a successor is ended alone, because only that command reports the successor.
    filter: {
      _id: id,
      team,
      status: 'generating',
      'lease.token': token,
      hasSuccessor: { $ne: true },
    } as const,
    update: endUpdate(end),
  };
}

function rangeFilter({ team, chat, from, before }: PageRange) {
  return { chat, team, sequence: { $gte: from, $lt: before } };
}

function anyOf<Filter extends object>(filters: readonly Filter[]) {
  const [only] = filters;
  return only && filters.length === 1 ? only : { $or: [...filters] };
}

/** A filter for these ids, each within its team. */
function withinTeams<Name extends string>(
  items: readonly { readonly team: Id<'team'>; readonly id: Name }[],
) {
  const teams = Map.groupBy(items, ({ team }) => team);
  const parts = [...teams].map(([team, ofTeam]) => ({ team, _id: idsOf(ofTeam.map(({ id }) => id)) }));
  return anyOf(parts);
}

function idsOf<Name extends string>(ids: readonly Name[]) {
  const [only] = ids;
  return only !== undefined && ids.length === 1 ? only : { $in: [...ids] };
}

/** The driver also passes a signal on for writes, but its types only name it for reads. */
function withSignal(signal: AbortSignal): object {
  return { signal };
}
