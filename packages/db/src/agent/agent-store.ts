import { compactAs, type Id, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { createFoundCache } from '../caching/found-cache.ts';
import { ConflictPauses } from '../connection/conflict-pauses.ts';
import { isDuplicateKey } from '../connection/database-errors.ts';
import { holdsHeaders } from '../encryption/stored-secrets.ts';
import type { Seal, Vault } from '../encryption/vault.ts';
import type { Idempotency } from '../idempotency.ts';
import { filterOf, greaterThan, oneOf } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import {
  presentationOf,
  settingsOf,
  toDocument,
  toInfo,
  toRecord,
  toUpdate,
  toVersionRecord,
} from './agent-document.ts';
import type { AgentDocument } from './agent-model.ts';
import type { AgentStore } from './agent-port.ts';
import type {
  AgentInfo,
  AgentRecord,
  AgentReplay,
  AgentSummary,
  AgentVersionRecord,
  NewAgentFields,
} from './agent-records.ts';

/** Reads only the version in use. */
const withVersionInUse = {
  // Mongoose's types know no expressions in projections.
  versions: {
    $filter: { input: '$versions', cond: { $eq: ['$$this.version', '$version'] } },
  } as unknown as 1,
  ...{
    team: 1,
    name: 1,
    type: 1,
    description: 1,
    retentionDays: 1,
    version: 1,
    createdAt: 1,
    updatedAt: 1,
    idempotency: 1,
  },
} as const;

/** An agent as `listSummaries` reads it. */
type SummarizedAgent = Pick<AgentDocument, '_id' | 'name' | 'type' | 'description' | 'version'> & {
  readonly versions: readonly Pick<AgentDocument['versions'][number], 'version' | 'accepts'>[];
};

/** The planner would prefer to scan all agents in the order of their ids. */
const RETAINING = { _id: 1, retentionDays: 1 } as const;

/** Creates the store of agents. It caches agents for a few seconds, because every turn needs one. */
export function createAgentStore({ agents }: Models, vault: Vault): AgentStore {
  const lookUp = createFoundCache<AgentRecord>(lengthOf);

  return {
    async create({ team }, agent, id = mintId('agent')) {
      const document = toDocument({ team, agent: id }, agent, await sealingFor(agent));
      try {
        await agents.insertMany([document], { lean: true });
        return toInfo(document, vault.open);
      } catch (error) {
        // An earlier call with this id created the agent, unless it belongs to another team.
        const made = isDuplicateKey(error) && (await read({ team }, id));
        if (!made) throw error;
        return made;
      }
    },

    async createOnce({ team }, agent, idempotency) {
      const owner = { team, agent: mintId('agent') };
      const document = toDocument(owner, agent, await sealingFor(agent), idempotency);
      try {
        await agents.insertMany([document], { lean: true });
        return toInfo(document, vault.open);
      } catch (error) {
        const replay = isDuplicateKey(error) && (await findByIdempotencyKey({ team }, idempotency.key));
        if (!replay) throw error;
        return { replay };
      }
    },

    findByIdempotencyKey,

    async find({ team, agents: within }, id) {
      if (within && !within.includes(id)) return undefined;
      return lookUp(`${team}/${id}`, async () => {
        const found = await agents.findOne({ _id: id, team }, withVersionInUse).lean();
        return found ? toRecord(found, vault.open) : undefined;
      });
    },

    get: (scope, id) => read(scope, id),

    async list({ team, agents: within }, limit) {
      const found = await agents
        .find(filterOf({ team }, { _id: oneOf(within) }), withVersionInUse)
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map((agent) => toRecord(agent, vault.open));
    },

    async listSummaries({ team, agents: within }, limit) {
      const found = await agents
        .find(filterOf({ team }, { _id: oneOf(within) }), {
          ...{ name: 1, type: 1, description: 1, version: 1 },
          ...{ 'versions.version': 1, 'versions.accepts': 1 },
        })
        .sort({ _id: 1 })
        .limit(limit)
        .lean<SummarizedAgent[]>();
      return found.map(({ _id: id, name, type, description, version, versions }) => {
        const accepts = versions.find((one) => one.version === version)?.accepts;
        return compactAs<AgentSummary>({ id, name, type, description, accepts });
      });
    },

    async listRetaining(limit, after) {
      const found = await agents
        .find(filterOf({ retentionDays: trusted({ $exists: true }) }, { _id: greaterThan(after) }), {
          team: 1,
          retentionDays: 1,
        })
        .sort({ _id: 1 })
        .limit(limit)
        .hint(RETAINING)
        .lean();
      return found.map(({ _id: id, team, retentionDays = 0 }) => ({ id, team, retentionDays }));
    },

    async update(scope, id, toNext, expectedVersion) {
      return await change<'changed'>(scope, id, (now) => {
        if (expectedVersion !== undefined && now.version !== expectedVersion) return 'changed';
        return toNext(now);
      });
    },

    async rollBack(scope, id, version) {
      return await change<'version-deleted'>(scope, id, async (now) => {
        const old = (await readVersions(scope, id))?.find((one) => one.version === version);
        return old ? { ...presentationOf(now), ...settingsOf(old) } : 'version-deleted';
      });
    },

    listVersions: (scope, id) => readVersions(scope, id),

    async delete({ team, agents: within }, id) {
      if (within && !within.includes(id)) return false;
      const { deletedCount } = await agents.deleteOne({ _id: id, team });
      lookUp.forget(`${team}/${id}`);
      return deletedCount === 1;
    },
  };

  async function read({ team, agents: within }: Scope, id: Id<'agent'>): Promise<AgentInfo | undefined> {
    if (within && !within.includes(id)) return undefined;
    const found = await agents.findOne({ _id: id, team }, withVersionInUse).lean();
    return found ? toInfo(found, vault.open) : undefined;
  }

  async function readVersions(
    { team, agents: within }: Scope,
    id: Id<'agent'>,
  ): Promise<AgentVersionRecord[] | undefined> {
    if (within && !within.includes(id)) return undefined;
    const found = await agents.findOne({ _id: id, team }, { versions: 1 }).lean();
    return found?.versions
      .map((stored) => toVersionRecord({ team, agent: id }, stored, vault.open))
      .reverse();
  }

  async function findByIdempotencyKey(
    { team, agents: within }: Scope,
    idempotencyKey: string,
  ): Promise<AgentReplay | undefined> {
    const found = await agents
      .findOne({ 'idempotency.key': idempotencyKey }, withVersionInUse)
      .lean<AgentDocument & { idempotency: Idempotency }>();
    if (!found || (within && !within.includes(found._id))) return undefined;
    return found.team === team
      ? { body: found.idempotency.body, agent: toInfo(found, vault.open) }
      : undefined;
  }

  /** Without a header there is nothing to seal, so the database is not asked. */
  async function sealingFor({ tools }: Pick<NewAgentFields, 'tools'>): Promise<Seal> {
    return holdsHeaders(tools) ? vault.sealing() : (_place, text) => text;
  }

  /** Replaces an agent by the result of `decide`, and decides again if another write came first. */
  async function change<Rejected extends string>(
    scope: Scope,
    id: Id<'agent'>,
    decide: (now: AgentInfo) => NewAgentFields | Rejected | Promise<NewAgentFields | Rejected>,
  ): Promise<AgentInfo | Rejected | undefined> {
    const { team } = scope;
    for (const pauses = new ConflictPauses(); ; await pauses.next()) {
      const now = await read(scope, id);
      if (!now) return undefined;
      const next = await decide(now);
      if (typeof next === 'string') return next;
      const changed = await agents
        .findOneAndUpdate(
          { _id: id, team, version: now.version },
          toUpdate({ team, agent: id }, now, next, await sealingFor(next)),
          {
            returnDocument: 'after',
            projection: withVersionInUse,
          },
        )
        .lean();
      lookUp.forget(`${team}/${id}`);
      if (changed) return toInfo(changed, vault.open);
    }
  }
}

/** The length of the texts that can be long. */
function lengthOf({ systemPrompt = '', tools }: AgentRecord): number {
  return systemPrompt.length + (tools ? JSON.stringify(tools).length : 0);
}
