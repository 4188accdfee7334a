import { type Metadata, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import type { ChatDocument, Models } from './models.ts';
import type { ChatRecord } from './records.ts';
import type { ChatStore } from './store.ts';

export function createChatStore({ chats, turns }: Models): ChatStore {
  return {
    async create({ team }, { agent, agentType, user, metadata }) {
      const record: ChatRecord = {
        id: mintId('chat'),
        team,
        agent,
        ...(user !== undefined && { user }),
        ...(metadata !== undefined && { metadata }),
        createdAt: new Date(),
      };
      await chats.insertMany([toDocument(record, agentType)], { lean: true });
      return record;
    },

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
      await turns.deleteMany({ chat: id });
      const purged = { $set: { purgedAt: new Date() }, $unset: { deletedAt: 1 } };
      await chats.updateOne({ _id: id, deletedAt: trusted({ $exists: true }) }, purged);
    },
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
