import { compactAs, type Id, type TransferAgent, toStoredTool } from '@parley/contract';
import { holdsHeaders, openTools } from '../encryption/stored-secrets.ts';
import type { Seal, Vault } from '../encryption/vault.ts';
import { toVersion } from './agent-document.ts';
import type { AgentDocument } from './agent-model.ts';

type VersionOfLine = TransferAgent['versions'][number];

/** The line of an agent in an export, with the values of its headers. */
export function toAgentLine(document: AgentDocument, open: Vault['open']): TransferAgent {
  const { _id: id, team, name, type: agentType, description, retentionDays } = document;
  const { version, versions, createdAt, updatedAt } = document;
  const owner = { team, agent: id };
  return compactAs<TransferAgent>({
    ...{ type: 'agent', id, name, agentType, description, retentionDays, version },
    versions: versions.map(({ tools, createdAt: versionCreatedAt, ...stored }) =>
      compactAs<VersionOfLine>({
        ...{ version: stored.version, systemPrompt: stored.systemPrompt },
        ...{
          model: stored.model,
          models: stored.models,
          temperature: stored.temperature,
          reasoning: stored.reasoning,
          accepts: stored.accepts,
        },
        tools: tools === undefined ? undefined : openTools(owner, tools, open),
        createdAt: versionCreatedAt.toISOString(),
      }),
    ),
    ...{ createdAt: createdAt.toISOString(), updatedAt: updatedAt?.toISOString() },
  });
}

/** The agent of a line in an export, for the team that imports it. */
export function fromAgentLine(team: Id<'team'>, line: TransferAgent, seal: Seal): AgentDocument {
  const { id: _id, name, agentType: type, description, retentionDays } = line;
  const { version, versions, createdAt, updatedAt } = line;
  const owner = { team, agent: _id };
  return compactAs<AgentDocument>({
    ...{ _id, team, name, type, description, retentionDays, version },
    versions: versions.map(({ version: number, tools, createdAt: versionCreatedAt, ...settings }) =>
      toVersion(
        owner,
        number,
        { ...settings, tools: tools?.map(toStoredTool) },
        new Date(versionCreatedAt),
        seal,
      ),
    ),
    ...{
      createdAt: new Date(createdAt),
      updatedAt: updatedAt === undefined ? undefined : new Date(updatedAt),
    },
    idempotency: undefined,
  });
}

/** Whether the line of an agent has values of headers, which are stored sealed. */
export function hasSecrets({ versions }: TransferAgent): boolean {
  return versions.some(({ tools }) => holdsHeaders(tools?.map(toStoredTool)));
}
