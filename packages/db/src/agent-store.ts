import { mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { isDuplicateKey } from './database-errors.ts';
import { createFoundCache } from './found-cache.ts';
import type { AgentDocument, Models } from './models.ts';
import type { AgentRecord } from './records.ts';
import type { AgentStore } from './store.ts';

/** Agents that were found are remembered for a few seconds: every turn needs one. */
export function createAgentStore({ agents }: Models): AgentStore {
  const lookUp = createFoundCache<AgentRecord>();

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
        return toRecord(document);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // The same id again: it was made before, unless it is another team's.
        const made = await agents.findOne({ _id: id, team }).lean();
        if (!made) throw error;
        return toRecord(made);
      }
    },

    async find({ team, agents: within }, id) {
      if (within && !within.includes(id)) return undefined;
      return lookUp(`${team}/${id}`, async () => {
        const found = await agents.findOne({ _id: id, team }).lean();
        return found ? toRecord(found) : undefined;
      });
    },

    async list({ team, agents: within }, limit) {
      const found = await agents
        .find({ team, ...(within && { _id: trusted({ $in: [...within] }) }) })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
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
