import { isId, type UsageSum } from '@parley/contract';
import type { UsageSum as StoredSum, UsageGroup } from '@parley/db';

/** Converts a sum to its form in answers, with the field that it is grouped by. */
export function toUsageSum(
  groupBy: UsageGroup,
  { name, turns, calls, inputTokens, outputTokens, feedback }: StoredSum,
): UsageSum {
  return { ...nameOf(groupBy, name), turns, calls, inputTokens, outputTokens, ...(feedback && { feedback }) };
}

function nameOf(groupBy: UsageGroup, name: string): Partial<UsageSum> {
  if (name === '') return {};
  switch (groupBy) {
    case 'day':
      return { day: name };
    case 'agent':
      return isId('agent', name) ? { agentId: name } : {};
    case 'agentVersion':
      return versionOf(name);
    case 'user':
      return { userId: name };
    case 'key':
      return isId('key', name) ? { keyId: name } : {};
    case 'model':
      return { model: name };
  }
}

/** The name of a version is its agent's id and its number, which is 0 if the version is unknown. */
function versionOf(name: string): Partial<UsageSum> {
  const [agentId = '', version] = name.split(' ');
  if (!isId('agent', agentId)) return {};
  return { agentId, ...(Number(version) > 0 && { agentVersion: Number(version) }) };
}
