import { ApiError } from '@parley/contract';
import type { ChatAccess, TurnRecord } from '@parley/db';
import { findTurn } from '../accept/retry-turn.ts';
import { followTurn } from '../read/follow-turn.ts';
import type { ReadDeps } from '../read/turn-reader.ts';
import { outcomeOf } from '../turn-outcome.ts';
import type { Runner } from './runner.ts';

/**
 * Stops an answer, wherever it is written, and tells how it then stands: stopped with what had been shown, or
 * as it ended before. The mark outlives every process; a run that is alive sees it within a tick. One that does
 * not stop within `cancelWaitMaxMs` is told as it stands, and will.
 *
 * @throws ApiError `message_not_found`; `chat_not_found` when the chat is deleted meanwhile
 */
export async function cancelTurn(
  deps: ReadDeps,
  runner: Runner,
  access: ChatAccess,
  answerId: string,
): Promise<TurnRecord> {
  const turn = await findTurn(deps, access, answerId);
  if (outcomeOf(turn)) return turn;
  const following = followTurn(deps, access, turn.id);
  try {
    if (await deps.store.turns.cancel(access, turn.id)) runner.stopTurn(turn.id);
    const marked = await deps.store.turns.find(access, turn.id);
    const outcome = marked && outcomeOf(marked);
    // It was still waiting, and will never run: whoever follows it here is told at once.
    if (outcome?.kind === 'empty') deps.followers.outcomes.notify(turn.id, outcome);
    if (marked && outcome) return marked;
    const awaited = await following.outcome(undefined, deps.bounds.cancelWaitMaxMs);
    if (awaited?.kind === 'gone') throw new ApiError('chat_not_found');
    const now = await deps.store.turns.find(access, turn.id);
    if (!now) throw new ApiError('chat_not_found');
    return now;
  } finally {
    following.detach();
  }
}
