import { type Id, limits, mintId } from '@parley/contract';
import { LRUCache } from 'lru-cache';
import { duplicateKeyIndex } from './database-errors.ts';
import type { AgentDocument, Models } from './models.ts';
import type { AgentRecord, Scope } from './records.ts';
import type { AgentStore } from './store.ts';

/** Agents that were found are remembered for a few seconds: every turn needs one. */
export function createAgentStore({ agents }: Models): AgentStore {
  const known = new LRUCache<string, AgentRecord, Scope & { id: Id<'agent'> }>({
    max: limits.cacheEntriesMax,
    ttl: limits.cacheMs,
    allowStaleOnFetchRejection: false,
    fetchMethod: async (_key, _stale, { context: { team, id } }) => {
      const found = await agents.findOne({ _id: id, team }).lean();
      return found ? toRecord(found) : undefined;
    },
  });

  return {
    async create({ team }, { name, type, description, ...settings }, id = mintId('agent')) {
      const createdAt = new Date();
      const document: AgentDocument = {
        _id: id,
        team,
        name,
        type,
        ...(description !== undefined && { description }),
        version: 1,
        versions: [{ version: 1, ...settings, createdAt } as AgentDocument['versions'][number]],
        createdAt,
      };
      try {
        await agents.insertMany([document], { lean: true });
      } catch (error) {
        // The same id again: it was made before.
        if (duplicateKeyIndex(error) === undefined) throw error;
      }
      return toRecord(document);
    },

    async find({ team }, id) {
      return known.fetch(`${team}/${id}`, { context: { team, id } });
    },

    async list({ team }, limit) {
      const found = await agents.find({ team }).sort({ _id: 1 }).limit(limit).lean();
      return found.map(toRecord);
    },
  };
}

function toRecord(document: AgentDocument): AgentRecord {
  const current = document.versions.find(({ version }) => version === document.version);
  return {
    id: document._id,
    name: document.name,
    type: document.type,
    version: document.version,
    ...(document.description !== undefined && { description: document.description }),
    ...(current?.systemPrompt !== undefined && { systemPrompt: current.systemPrompt }),
    ...(current?.model !== undefined && { model: current.model }),
    ...(current?.temperature !== undefined && { temperature: current.temperature }),
  };
}
