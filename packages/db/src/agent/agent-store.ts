import { isDeepStrictEqual } from 'node:util';
import { type Id, limits, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { createFoundCache } from '../caching/found-cache.ts';
import { ConflictPauses } from '../connection/conflict-pauses.ts';
import { isDuplicateKey } from '../connection/database-errors.ts';
import { holdsHeaders, openTools, storeTools, type ToolsOwner } from '../encryption/stored-secrets.ts';
import type { Seal, Vault } from '../encryption/vault.ts';
import type { Idempotency } from '../idempotency.ts';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import type { AgentDocument } from './agent-model.ts';
import type { AgentStore } from './agent-port.ts';
import type {
  AgentInfo,
  AgentRecord,
  AgentSettings,
  AgentVersionRecord,
  KeptAgent,
  NewAgentFields,
} from './agent-records.ts';

/** Of the versions only the one in use is read, wherever it stands. */
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

/** The planner would rather look through all agents in the order of their ids. */
const RETAINING = { _id: 1, retentionDays: 1 } as const;

/** Agents that were found are remembered for a few seconds: every turn needs one. */
export function createAgentStore({ agents }: Models, vault: Vault): AgentStore {
  const lookUp = createFoundCache<AgentRecord>(lengthOf);

  return {
    async create({ team }, agent, id = mintId('agent')) {
      const document = toDocument(team, id, agent, await sealingFor(agent));
      try {
        await agents.insertMany([document], { lean: true });
        return toInfo(document);
      } catch (error) {
        // The same id again: it was made before, unless it is another team's.
        const made = isDuplicateKey(error) && (await read({ team }, id));
        if (!made) throw error;
        return made;
      }
    },

    async createOnce({ team }, agent, idempotency) {
      const document = { ...toDocument(team, mintId('agent'), agent, await sealingFor(agent)), idempotency };
      try {
        await agents.insertMany([document], { lean: true });
        return toInfo(document);
      } catch (error) {
        const kept = isDuplicateKey(error) && (await findByIdempotencyKey({ team }, idempotency.key));
        if (!kept) throw error;
        return { kept };
      }
    },

    findByIdempotencyKey,

    async find({ team, agents: within }, id) {
      if (within && !within.includes(id)) return undefined;
      return lookUp(`${team}/${id}`, async () => {
        const found = await agents.findOne({ _id: id, team }, withVersionInUse).lean();
        return found ? toRecord(found) : undefined;
      });
    },

    get: (scope, id) => read(scope, id),

    async list({ team, agents: within }, limit) {
      const found = await agents
        .find({ team, ...(within && { _id: trusted({ $in: [...within] }) }) }, withVersionInUse)
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map(toRecord);
    },

    async listSummaries({ team, agents: within }, limit) {
      const found = await agents
        .find(
          { team, ...(within && { _id: trusted({ $in: [...within] }) }) },
          { name: 1, type: 1, description: 1 },
        )
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map(({ _id: id, name, type, description }) => ({
        id,
        name,
        type,
        ...(description !== undefined && { description }),
      }));
    },

    async listRetaining(limit, after) {
      const found = await agents
        .find(
          {
            retentionDays: trusted({ $exists: true }),
            ...(after !== undefined && { _id: trusted({ $gt: after }) }),
          },
          { team: 1, retentionDays: 1 },
        )
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
      return await change<'gone'>(scope, id, async (now) => {
        const old = (await readVersions(scope, id))?.find((one) => one.version === version);
        return old ? { ...presented(now), ...settingsOf(old) } : 'gone';
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
    return found ? toInfo(found) : undefined;
  }

  async function readVersions(
    { team, agents: within }: Scope,
    id: Id<'agent'>,
  ): Promise<AgentVersionRecord[] | undefined> {
    if (within && !within.includes(id)) return undefined;
    const found = await agents.findOne({ _id: id, team }, { versions: 1 }).lean();
    return found?.versions
      .map(({ version, createdAt, ...stored }) => ({
        ...{ version, createdAt },
        ...toSettings({ team, agent: id }, stored),
      }))
      .reverse();
  }

  async function findByIdempotencyKey(
    { team, agents: within }: Scope,
    idempotencyKey: string,
  ): Promise<KeptAgent | undefined> {
    const found = await agents
      .findOne({ 'idempotency.key': idempotencyKey }, withVersionInUse)
      .lean<AgentDocument & { idempotency: Idempotency }>();
    if (!found || (within && !within.includes(found._id))) return undefined;
    return found.team === team ? { body: found.idempotency.body, agent: toInfo(found) } : undefined;
  }

  /** What has no header needs no look at how secrets are sealed. */
  async function sealingFor({ tools }: Pick<NewAgentFields, 'tools'>): Promise<Seal> {
    return holdsHeaders(tools) ? vault.sealing() : (_place, text) => text;
  }

  function toSettings(owner: ToolsOwner, { tools, ...settings }: StoredSettings): AgentSettings {
    const opened = tools === undefined ? undefined : openTools(owner, tools, vault.open);
    return { ...plainSettingsOf(settings), ...(opened && { tools: opened }) };
  }

  function toRecord(document: AgentDocument): AgentRecord {
    const { _id: id, team, version, versions } = document;
    const inUse = versions.find((one) => one.version === version);
    return { id, ...presented(document), version, ...(inUse && toSettings({ team, agent: id }, inUse)) };
  }

  function toInfo(document: AgentDocument): AgentInfo {
    const { createdAt, updatedAt = createdAt } = document;
    return { ...toRecord(document), createdAt, updatedAt };
  }

  /** Makes an agent what `decide` says, from what it is: whoever was faster is looked at again. */
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
      if (changed) return toInfo(changed);
    }
  }
}

function toDocument(team: Id<'team'>, id: Id<'agent'>, agent: NewAgentFields, seal: Seal): AgentDocument {
  const createdAt = new Date();
  return {
    _id: id,
    team,
    ...presented(agent),
    version: 1,
    versions: [{ version: 1, ...toStored({ team, agent: id }, agent, seal), createdAt }],
    createdAt,
  };
}

/** Content stands in plain fields of the update, never in a pipeline. */
function toUpdate(owner: ToolsOwner, now: AgentInfo, next: NewAgentFields, seal: Seal) {
  const updatedAt = new Date();
  const { description, retentionDays, ...shown } = presented(next);
  const gone = {
    ...(description === undefined && { description: 1 as const }),
    ...(retentionDays === undefined && { retentionDays: 1 as const }),
  };
  const version = now.version + 1;
  const isOtherVersion = !isDeepStrictEqual(settingsOf(now), settingsOf(next));
  return {
    $set: {
      ...shown,
      ...(description !== undefined && { description }),
      ...(retentionDays !== undefined && { retentionDays }),
      updatedAt,
      ...(isOtherVersion && { version }),
    },
    ...(Object.keys(gone).length > 0 && { $unset: gone }),
    ...(isOtherVersion && {
      $push: {
        versions: {
          $each: [{ version, ...toStored(owner, next, seal), createdAt: updatedAt }],
          $slice: -limits.agentVersionsMax,
        },
      },
    }),
  };
}

/** About: what is short is not counted. */
function lengthOf({ systemPrompt = '', tools }: AgentRecord): number {
  return systemPrompt.length + (tools ? JSON.stringify(tools).length : 0);
}

/** What people see of an agent; it has no versions. */
function presented({ name, type, description, retentionDays }: Omit<NewAgentFields, keyof AgentSettings>) {
  return {
    ...{ name, type },
    ...(description !== undefined && { description }),
    ...(retentionDays !== undefined && { retentionDays }),
  };
}

type Settings = Pick<NewAgentFields, keyof AgentSettings>;
type StoredSettings = ReturnType<typeof toStored>;

function settingsOf({ tools, ...settings }: Settings): AgentSettings {
  return { ...plainSettingsOf(settings), ...(tools?.length && { tools }) };
}

function plainSettingsOf({ systemPrompt, model, temperature }: Omit<Settings, 'tools'>) {
  return {
    ...(systemPrompt !== undefined && { systemPrompt }),
    ...(model !== undefined && { model }),
    ...(temperature !== undefined && { temperature }),
  };
}

function toStored(owner: ToolsOwner, { tools, ...settings }: Settings, seal: Seal) {
  return { ...plainSettingsOf(settings), ...(tools?.length && { tools: storeTools(owner, tools, seal) }) };
}
