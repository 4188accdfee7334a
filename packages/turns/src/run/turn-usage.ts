import { type AgentOutcome, estimateTokens, type ModelUse, tokensOfBytes } from '@parley/agent';
import { utcDay } from '@parley/contract';
import type {
  Account,
  ChatRecord,
  RunContext,
  TurnEnd,
  TurnRecord,
  UsageRecord,
  WrittenText,
} from '@parley/db';
import type { Quota } from '@parley/quota';
import type { Run } from './run.ts';

/** The model name in the usage of a turn whose model is not known: the default model of the server. */
export const DEFAULT_MODEL = 'default';

/** The account for which a turn of this chat is counted. */
export function accountOf({ agent, user }: Pick<ChatRecord, 'agent' | 'user'>): Account {
  return { agent, ...(user !== undefined && { user }), day: utcDay(new Date()) };
}

/** The usage of an answer as the model's server reported it; an estimate if it reported none. */
export function usageOfOutcome(
  attempt: number,
  { model, calls, usage, estimate, others }: Omit<AgentOutcome, 'text' | 'finishReason'>,
): UsageRecord[] {
  const isEstimated = !usage && estimate !== undefined;
  return usageRecords(attempt, { model, calls, usage: usage ?? estimate, isEstimated }, others);
}

/**
 * One record for each model that was called. The last record is that of the model that answered; it counts as the
 * turn.
 */
export function usageRecords(
  attempt: number,
  last: ModelUse,
  others: readonly ModelUse[] = [],
): UsageRecord[] {
  return [...others, last].map(({ model, calls, usage, isEstimated }) => ({
    ...{ attempt, model, calls },
    ...usage,
    ...(isEstimated && { isEstimated }),
  }));
}

/** Adds the usage of a run to its end, so that it is counted. */
export function withUsage(end: TurnEnd, { account, used }: Pick<Run, 'account' | 'used'>): TurnEnd {
  return { ...end, ...(used && { usage: used }), ...(account && { account: accountOf(account) }) };
}

/** The estimated usage of a run whose process died, from the text in its log. */
export function usageOfDeadRun(
  { userMessage }: Pick<TurnRecord, 'userMessage'>,
  { textBytesBefore }: Pick<RunContext, 'textBytesBefore'>,
  { attempt, text }: WrittenText,
  historyBytesMax: number,
): UsageRecord {
  const question = userMessage ? Buffer.byteLength(userMessage.content) : 0;
  const read = Math.min(textBytesBefore + question, historyBytesMax);
  return {
    attempt,
    model: DEFAULT_MODEL,
    calls: 1,
    inputTokens: tokensOfBytes(read),
    outputTokens: text === '' ? 0 : estimateTokens(text),
    isEstimated: true,
  };
}

/**
 * Counts the usage of a run whose turn was deleted meanwhile. It is counted without a user, because the user may
 * have been deleted and is then being removed from the sums.
 */
export async function countDeletedTurn(
  { quota }: { readonly quota: Quota },
  { turn, scope, account, used }: Run,
): Promise<void> {
  if (!account || !used) return;
  const { spender, reservations } = turn;
  await quota.countDeleted(scope, {
    turn: turn.id,
    ...(spender && { spender }),
    ...(reservations && { reservations }),
    account: accountOf({ agent: account.agent }),
    usage: used,
  });
}
