import { isDeepStrictEqual } from 'node:util';
import { compact, compactAs, type EveryField, limits, type ModelChoice } from '@parley/contract';
import { openTools, storeTools, type ToolsOwner } from '../encryption/stored-secrets.ts';
import type { Seal, Vault } from '../encryption/vault.ts';
import type { AgentDocument, AgentVersion } from './agent-model.ts';
import type {
  AgentInfo,
  AgentRecord,
  AgentSettings,
  AgentVersionRecord,
  NewAgentFields,
} from './agent-records.ts';

/** The settings of an agent, with every field named. */
type Settings = EveryField<AgentSettings>;
type Open = Vault['open'];

/** The stored form of an agent that is created now, at version 1. */
export function toDocument(
  { team, agent: id }: ToolsOwner,
  agent: NewAgentFields,
  seal: Seal,
  idempotency?: AgentDocument['idempotency'],
): AgentDocument {
  const createdAt = new Date();
  return compactAs<AgentDocument>({
    ...{ _id: id, team, ...presentationOf(agent), version: 1 },
    versions: [toVersion({ team, agent: id }, 1, agent, createdAt, seal)],
    ...{ createdAt, updatedAt: undefined, idempotency },
  });
}

/** The update that replaces an agent. Content is only in plain fields of the update, never in a pipeline. */
export function toUpdate(owner: ToolsOwner, now: AgentInfo, next: NewAgentFields, seal: Seal) {
  const updatedAt = new Date();
  const { description, retentionDays, ...shown } = presentationOf(next);
  const version = isDeepStrictEqual(settingsOf(now), settingsOf(next)) ? undefined : now.version + 1;
  return {
    $set: compact({ ...shown, description, retentionDays, updatedAt, version }),
    $unset: compact({
      description: description === undefined ? (1 as const) : undefined,
      retentionDays: retentionDays === undefined ? (1 as const) : undefined,
    }),
    $push: compact({
      versions:
        version === undefined
          ? undefined
          : {
              $each: [toVersion(owner, version, next, updatedAt, seal)],
              $slice: -limits.agentVersionsMax,
            },
    }),
  };
}

/** The record of a stored agent, with the settings of the version in use. Headers that cannot be opened are missing. */
export function toRecord(document: AgentDocument, open: Open): AgentRecord {
  const { _id: id, team, version, versions } = document;
  const inUse = versions.find((one) => one.version === version);
  const owner = { team, agent: id };
  return compactAs<AgentRecord>({
    ...{ id, ...presentationOf(document), version },
    ...toSettings(owner, inUse, open),
  });
}

/** The record of a stored agent for those who manage it. */
export function toInfo(document: AgentDocument, open: Open): AgentInfo {
  const { createdAt, updatedAt = createdAt } = document;
  return { ...toRecord(document, open), createdAt, updatedAt };
}

/** The record of a version of an agent. */
export function toVersionRecord(owner: ToolsOwner, stored: AgentVersion, open: Open): AgentVersionRecord {
  const { version, createdAt } = stored;
  return compactAs<AgentVersionRecord>({ version, createdAt, ...toSettings(owner, stored, open) });
}

/** The fields of an agent that have no versions. */
export function presentationOf(agent: Omit<NewAgentFields, keyof AgentSettings>) {
  const { name, type, description, retentionDays } = agent;
  return { name, type, description, retentionDays };
}

/** The fields of an agent that have versions. An empty list of tools counts as none. */
export function settingsOf(settings: Partial<Settings>): Settings {
  const { systemPrompt, model, models, temperature, reasoning, accepts, tools } = settings;
  return {
    systemPrompt,
    model,
    models: models?.map(toModelChoice),
    temperature,
    reasoning,
    accepts: accepts && [...accepts],
    tools: tools?.length ? tools : undefined,
  };
}

function toSettings(owner: ToolsOwner, stored: Partial<AgentVersion> = {}, open: Open): Settings {
  const { systemPrompt, model, models, temperature, reasoning, accepts, tools } = stored;
  const opened = tools === undefined ? undefined : openTools(owner, tools, open);
  return {
    ...{ systemPrompt, model, models: models?.map(toModelChoice), temperature, reasoning },
    accepts: accepts && [...accepts],
    tools: opened,
  };
}

/** Copies a choice from a stored document. */
function toModelChoice({ provider, model }: ModelChoice): ModelChoice {
  return { provider, model };
}

/** The stored form of a version. */
export function toVersion(
  owner: ToolsOwner,
  version: number,
  settings: Partial<Settings>,
  createdAt: Date,
  seal: Seal,
): AgentVersion {
  const { systemPrompt, model, models, temperature, reasoning, accepts, tools } = settingsOf(settings);
  return compactAs<AgentVersion>({
    ...{ version, systemPrompt, model, models, temperature, reasoning, accepts },
    tools: tools && storeTools(owner, tools, seal),
    createdAt,
  });
}
