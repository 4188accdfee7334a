import { compactAs, type Id, type TransferUsage } from '@parley/contract';
import type { UsageDocument } from './usage-model.ts';

/** The line of a usage row in an export. */
export function toUsageLine(document: UsageDocument): TransferUsage {
  const { _id: id, day, agent: agentId, agentVersion, user: userId, key: keyId, model } = document;
  const { turns, calls, inputTokens, outputTokens } = document;
  return compactAs<TransferUsage>({
    ...{ type: 'usage', id, day, agentId, agentVersion, userId, keyId, model },
    ...{ turns, calls, inputTokens, outputTokens },
  });
}

/** The usage row of a line in an export, for the team that imports it. */
export function fromUsageLine(team: Id<'team'>, line: TransferUsage): UsageDocument {
  const { id: _id, day, agentId: agent, agentVersion, userId: user, keyId: key, model } = line;
  const { turns, calls, inputTokens, outputTokens } = line;
  return compactAs<UsageDocument>({
    ...{ _id, team, day, agent, agentVersion, user, key, model },
    ...{ turns, calls, inputTokens, outputTokens },
  });
}
