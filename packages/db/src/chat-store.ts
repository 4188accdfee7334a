import { type Id, type Metadata, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { isDuplicateKey } from './database-errors.ts';
import type { ChatDocument, Models } from './models.ts';
import type { ChatRecord, KeptChat, NewChat } from './records.ts';
import type { ChatStore } from './store.ts';
import { rangeOf } from './turn-log-store.ts';

const PURGE_PAGE = 200;

export function createChatStore({ chats, turns, turnLog }: Models): ChatStore {
  return {
    async create({ team }, chat) {
      const record = toNewRecord(team, chat);
      await chats.insertMany([toDocument(record, chat.agentType)], { lean: true });
      return record;
    },

    async createOnce({ team }, chat, idempotency) {
      const record = toNewRecord(team, chat);
      try {
        await chats.insertMany([{ ...toDocument(record, chat.agentType), idempotency }], { lean: true });
        return record;
      } catch (error) {
        const kept = isDuplicateKey(error) && (await findKept(team, idempotency.key));
        // What holds the key may not be acknowledged by a majority yet; then the request is to be sent again.
        if (!kept) throw error;
        return { kept };
      }
    },

    findKept: ({ team }, idempotencyKey) => findKept(team, idempotencyKey),

    async find({ team }, id) {
      const found = await chats.findOne({ _id: id, team }).lean();
      return found ? toRecord(found) : undefined;
    },

    async list({ team }, { user, agentType }, { limit, after }) {
      const found = await chats
        .find({
          team,
          ...(user !== undefined && { user }),
          ...(agentType !== undefined && { agentType }),
          ...(after !== undefined && { _id: trusted({ $lt: after }) }),
        })
        .sort({ _id: -1 })
        .limit(limit + 1)
        .lean();
      const items = found.slice(0, limit).map(toRecord);
      const last = items.at(-1);
      return found.length > limit && last ? { items, next: last.id } : { items };
    },

    async markDeleted({ team }, id) {
      const tombstone = {
        $set: { deletedAt: new Date() },
        $unset: { team: 1, agent: 1, agentType: 1, user: 1, metadata: 1, title: 1, createdAt: 1 },
      };
      const { matchedCount } = await chats.updateOne({ _id: id, team }, tombstone);
      return matchedCount === 1;
    },

    async listMarked(limit) {
      const found = await chats
        .find({ deletedAt: trusted({ $exists: true }) }, { _id: 1 })
        .limit(limit)
        .lean();
      return found.map(({ _id }) => _id);
    },

    async purge(id) {
      await purgeLogs(id);
      await turns.deleteMany({ chat: id });
      const purged = { $set: { purgedAt: new Date() }, $unset: { deletedAt: 1 } };
      await chats.updateOne({ _id: id, deletedAt: trusted({ $exists: true }) }, purged);
    },
  };

  async function findKept(team: Id<'team'>, idempotencyKey: string): Promise<KeptChat | undefined> {
    const found = await chats.findOne({ 'idempotency.key': idempotencyKey }).lean();
    if (!found?.idempotency) return undefined;
    // The key's hash names the team's own API key; a tombstone names no team.
    if (found.team !== undefined && found.team !== team) return undefined;
    return { body: found.idempotency.body, chat: found.team === undefined ? undefined : toRecord(found) };
  }

  /** Page by page: a chat may hold thousands of turns. Most have no log any more. */
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

function toNewRecord(team: Id<'team'>, { agent, user, metadata }: NewChat): ChatRecord {
  return {
    id: mintId('chat'),
    team,
    agent,
    ...(user !== undefined && { user }),
    ...(metadata !== undefined && { metadata }),
    createdAt: new Date(),
  };
}

function toDocument(chat: ChatRecord, agentType: string): ChatDocument {
  return {
    _id: chat.id,
    team: chat.team,
    agent: chat.agent,
    agentType,
    ...(chat.user !== undefined && { user: chat.user }),
    ...(chat.metadata !== undefined && { metadata: JSON.stringify(chat.metadata) }),
    createdAt: chat.createdAt,
  };
}

/** A chat that is no tombstone, as a record. */
export function toRecord(document: ChatDocument): ChatRecord {
  const { _id, team, agent, createdAt, user, metadata, title } = document;
  if (!team || !agent || !createdAt) throw new Error(`chat ${_id} is a tombstone`);
  return {
    id: _id,
    team,
    agent,
    ...(user !== undefined && { user }),
    ...(metadata !== undefined && { metadata: JSON.parse(metadata) as Metadata }),
    ...(title !== undefined && { title }),
    createdAt,
  };
}
