import { ApiError } from '@parley/contract';
import type { ChatAccess, TurnRecord } from '@parley/db';
import { findTurn } from '../accept/retry-turn.ts';
import { followTurn } from '../read/follow-turn.ts';
import type { ReadDeps } from '../read/turn-reader.ts';
import { outcomeOf } from '../turn-outcome.ts';
import type { Runner } from './runner.ts';

/**
 * Stops an answer, wherever it runs, and returns its state: stopped with the text shown so far, or the end that it
 * already had. The cancel is stored, so it survives a crash, and a live run sees it within a tick. If a run does not
 * stop within `cancelWaitMaxMs`, the current state is returned and the run stops later.
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
    // The turn was waiting and will never run, so its local followers are notified at once.
    if (outcome?.kind === 'empty') deps.followers.outcomes.notify(turn.id, outcome);
    if (marked && outcome) return marked;
    const awaited = await following.outcome(undefined, deps.bounds.cancelWaitMaxMs);
    if (awaited?.kind === 'deleted') throw new ApiError('chat_not_found');
    const now = await deps.store.turns.find(access, turn.id);
    if (!now) throw new ApiError('chat_not_found');
    return now;
  } finally {
    following.detach();
  }
}
