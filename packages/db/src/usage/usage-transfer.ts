import { compactAs, type Id, type TransferUsage } from '@parley/contract';
import type { UsageDocument } from './usage-model.ts';

/** The line of a usage row in an export. */
export function toUsageLine(document: UsageDocument): TransferUsage {
  const { _id: id, day, agent: agentId, user: userId, key: keyId, model } = document;
  const { turns, calls, inputTokens, outputTokens } = document;
  return compactAs<TransferUsage>({
    ...{ type: 'usage', id, day, agentId, userId, keyId, model },
    ...{ turns, calls, inputTokens, outputTokens },
  });
}

/** The usage row of a line in an export, for the team that imports it. */
export function fromUsageLine(team: Id<'team'>, line: TransferUsage): UsageDocument {
  const { id: _id, day, agentId: agent, userId: user, keyId: key, model } = line;
  const { turns, calls, inputTokens, outputTokens } = line;
  return compactAs<UsageDocument>({
    ...{ _id, team, day, agent, user, key, model },
    ...{ turns, calls, inputTokens, outputTokens },
  });
}
