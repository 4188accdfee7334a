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

/** Names the server's default model in the usage of a turn if no answer named one. */
export const DEFAULT_MODEL = 'default';

/** The account that a turn of this chat is counted for when it ends now. */
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

/** A record for each model that was called, that of the one that answered last: the turn counts as its. */
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

/** The end of a run with what it used, so that it is counted. */
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
 * Counts the usage of a run whose turn was deleted meanwhile. It is counted for no user: the user may have been
 * deleted, and their name is being removed from the sums.
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
