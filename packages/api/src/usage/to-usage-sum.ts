import { isId, type UsageSum } from '@parley/contract';
import type { UsageSum as StoredSum, UsageGroup } from '@parley/db';

/** Converts a sum to its form in answers, with the field that it is grouped by. */
export function toUsageSum(
  groupBy: UsageGroup,
  { name, turns, calls, inputTokens, outputTokens }: StoredSum,
): UsageSum {
  return { ...nameOf(groupBy, name), turns, calls, inputTokens, outputTokens };
}

function nameOf(groupBy: UsageGroup, name: string): Partial<UsageSum> {
  if (name === '') return {};
  switch (groupBy) {
    case 'day':
      return { day: name };
    case 'agent':
      return isId('agent', name) ? { agentId: name } : {};
    case 'user':
      return { userId: name };
    case 'key':
      return isId('key', name) ? { keyId: name } : {};
    case 'model':
      return { model: name };
  }
}
