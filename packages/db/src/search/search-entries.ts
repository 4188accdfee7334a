import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { ChatDocument } from '../chat/chat-model.ts';
import type { Models } from '../models.ts';
import type { TurnDocument } from '../turn/turn-model.ts';
import { isEnded } from '../turn/turn-status.ts';
import type { SearchEntryDocument } from './search-entry-model.ts';
import { searchWordsOf } from './search-words.ts';

type SearchedTurn = Pick<TurnDocument, '_id' | 'team' | 'chat' | 'status' | 'removedAt'> & {
  readonly messages?: readonly { readonly content: string }[];
};
type Owner = Pick<ChatDocument, '_id' | 'team' | 'agent' | 'user'>;

const turnFields = { team: 1, chat: 1, status: 1, removedAt: 1, 'messages.content': 1 } as const;
const ownerFields = { team: 1, agent: 1, user: 1 } as const;
/** Turns that are read at once: an answer has up to some hundred kilobytes. */
const TURNS_PAGE = 50;

/** Writes what searches find. */
export function createSearchEntries({ chats, turns, searchEntries }: Models) {
  return {
    /**
     * Adds these turns, or writes them again. A turn that has not ended, whose message was removed, or whose chat was deleted is
     * left out. A chat that is deleted, or moves to another user, and a message that is removed meanwhile, is seen by the second
     * reading, or else sees the entries.
     */
    async add(ids: readonly Id<'turn'>[]): Promise<void> {
      for (let start = 0; start < ids.length; start += TURNS_PAGE) {
        const page = trusted({ $in: ids.slice(start, start + TURNS_PAGE) });
        const found = await turns.find({ _id: page }, turnFields).lean<SearchedTurn[]>();
        const ended = found.filter(
          ({ team, status, removedAt }) => team !== undefined && isEnded(status) && !removedAt,
        );
        const before = await ownersOf(ended.map(({ chat }) => chat));
        const entries = ended.flatMap((turn) => toEntry(turn, before.get(turn.chat), new Date()));
        await write(entries);
        await confirm(await dropRemoved(entries));
      }
    },

    /** Removes the entries of turns whose messages were marked as removed before. */
    async removeTurns({ chat: { id: chat, team } }: ChatAccess, ids: readonly Id<'turn'>[]): Promise<void> {
      await searchEntries.deleteMany({ _id: trusted({ $in: [...ids] }), chat, team });
    },

    /** Adds the ended turns of a chat that is imported and stored only after its turns. */
    async addBeforeChat(chat: Owner & { readonly team: Id<'team'> }): Promise<void> {
      for (let after = 0; ; ) {
        const page = await turns
          .find(
            { chat: chat._id, team: chat.team, sequence: trusted({ $gt: after }) },
            { ...turnFields, sequence: 1 },
          )
          .sort({ sequence: 1 })
          .limit(TURNS_PAGE)
          .lean<(SearchedTurn & { readonly sequence: number })[]>();
        await write(page.flatMap((turn) => (isEnded(turn.status) ? toEntry(turn, chat) : [])));
        const last = page.at(-1);
        if (!last || page.length < TURNS_PAGE) return;
        after = last.sequence;
      }
    },

    /** Removes all entries of a chat. */
    async remove(chat: Id<'chat'>): Promise<void> {
      await searchEntries.deleteMany({ chat });
    },

    /** Gives the entries of a user to another. */
    async move(team: Id<'team'>, from: string, to: string): Promise<void> {
      await searchEntries.updateMany({ team, user: from }, { $set: { user: to } });
    },

    /** Removes those of these entries whose chat is deleted, and gives the others to the user of their chat. */
    correct,
  };

  async function write(entries: readonly SearchEntryDocument[]): Promise<void> {
    if (entries.length === 0) return;
    const replacements = entries.map((entry) => ({
      replaceOne: { filter: { _id: entry._id }, replacement: entry, upsert: true },
    }));
    await searchEntries.bulkWrite(replacements, { ordered: false });
  }

  /** Removes the entries whose messages were removed since their words were read. Returns the others. */
  async function dropRemoved(entries: readonly SearchEntryDocument[]): Promise<SearchEntryDocument[]> {
    if (entries.length === 0) return [];
    const ids = trusted({ $in: entries.map(({ _id }) => _id) });
    const found = await turns.find({ _id: ids, removedAt: trusted({ $exists: true }) }, { _id: 1 }).lean();
    const removed = new Set(found.map(({ _id }) => _id));
    if (removed.size > 0) await searchEntries.deleteMany({ _id: trusted({ $in: [...removed] }) });
    return entries.filter(({ _id }) => !removed.has(_id));
  }

  async function confirm(entries: readonly SearchEntryDocument[]): Promise<void> {
    const confirmed = await correct(entries);
    if (confirmed.length === 0) return;
    await searchEntries.updateMany({ _id: trusted({ $in: confirmed }) }, { $unset: { pendingSince: 1 } });
  }

  async function correct(
    entries: readonly Pick<SearchEntryDocument, '_id' | 'chat' | 'user'>[],
  ): Promise<Id<'turn'>[]> {
    if (entries.length === 0) return [];
    const owners = await ownersOf(entries.map(({ chat }) => chat));
    const orphans = entries.filter(({ chat }) => !owners.has(chat)).map(({ _id }) => _id);
    if (orphans.length > 0) await searchEntries.deleteMany({ _id: trusted({ $in: orphans }) });
    for (const { _id, chat, user } of entries) {
      const owner = owners.get(chat);
      if (!owner || owner.user === user || owner.user === undefined) continue;
      await searchEntries.updateOne({ _id }, { $set: { user: owner.user } });
    }
    return entries.filter(({ chat }) => owners.has(chat)).map(({ _id }) => _id);
  }

  async function ownersOf(ids: readonly Id<'chat'>[]): Promise<ReadonlyMap<Id<'chat'>, Owner>> {
    const areThere = { _id: trusted({ $in: [...new Set(ids)] }), team: trusted({ $exists: true }) };
    const found = await chats.find(areThere, ownerFields).lean<Owner[]>();
    return new Map(found.map((owner) => [owner._id, owner]));
  }
}

/** The entry of a turn, if it has words. A retry stores only its answer: the message is found with the first turn. */
function toEntry(turn: SearchedTurn, owner: Owner | undefined, pendingSince?: Date): SearchEntryDocument[] {
  if (!owner?.team || !owner.agent) return [];
  const words = searchWordsOf((turn.messages ?? []).map(({ content }) => content));
  if (words.length === 0) return [];
  const { team, agent, user } = owner;
  return [
    {
      ...{ _id: turn._id, team, agent, ...(user !== undefined && { user }), chat: turn.chat, words },
      ...(pendingSince && { pendingSince }),
    },
  ];
}
