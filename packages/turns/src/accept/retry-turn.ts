import { ApiError, limits, turnIdOf } from '@parley/contract';
import type { ChatAccess, Idempotency, NewTurn, TurnRecord } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import { openingTurn } from '../quota/open-turns.ts';
import { type QuotaReservation, reserveQuota, type TurnRequester } from '../quota/reserve-quota.ts';
import type { Runner } from '../run/runner.ts';
import { requesterOf } from '../run/schedule/requester.ts';
import type { Requester } from '../run/schedule/turn-scheduler.ts';
import {
  type AcceptedTurn,
  apiErrorOfLoad,
  findByIdempotencyKey,
  insertAndStart,
  mintTurn,
  overloaded,
  readTail,
  rejectNow,
  toTurnIds,
} from './accept-turn.ts';
import { ConflictBackoff } from './conflict-backoff.ts';

/** A failed answer that is to be given again. */
export interface Retry {
  readonly answerId: string;
  readonly idempotency: Idempotency | undefined;
  readonly requestedBy?: TurnRequester | undefined;
}

/**
 * Finds the turn of an answer.
 *
 * @throws ApiError `message_not_found`, also for another chat's
 */
export async function findTurn(
  { store }: TurnDeps,
  access: ChatAccess,
  answerId: string,
): Promise<TurnRecord> {
  const id = turnIdOf(answerId);
  const turn = id && (await store.turns.find(access, id));
  if (!turn) throw new ApiError('message_not_found');
  return turn;
}

/**
 * Answers a failed message again, by a turn of its own right behind the failed one. Of parallel retries, and of
 * a retry and a new message, one wins: they want the same place.
 *
 * @throws ApiError `message_not_found`, `not_retryable`, `chat_full`, and what `acceptTurn` rejects
 */
export async function retryTurn(
  deps: TurnDeps,
  runner: Runner,
  access: ChatAccess,
  retry: Retry,
): Promise<AcceptedTurn> {
  rejectNow(deps, runner);
  const minted = mintTurn();
  const { turn } = minted;
  const opening = openingTurn(turn, access.chat.id, retry.idempotency);
  const admission = reserveQuota(deps, runner, access.scope, retry.requestedBy ?? {}, opening);
  const requester = requesterOf({ ...retry.requestedBy, team: access.scope.team });
  await runner.prepare(requester);
  return admission.during(() => placeRetry(deps, runner, access, { ...retry, minted, requester }, admission));
}

interface StartedRetry extends Retry {
  readonly minted: ReturnType<typeof mintTurn>;
  readonly requester: Requester;
}

async function placeRetry(
  deps: TurnDeps,
  runner: Runner,
  access: ChatAccess,
  { answerId, idempotency, minted, requester }: StartedRetry,
  admission: QuotaReservation,
): Promise<AcceptedTurn> {
  const { id: chat, user } = access.chat;
  const failed = await findTurn(deps, access, answerId);
  if (failed.status !== 'failed') throw new ApiError('not_retryable');
  if ((failed.sequence + 1) * 2 > limits.chatMessagesMax) throw new ApiError('chat_full');
  const apiError =
    apiErrorOfLoad(runner, requester) ??
    (await admission.apiErrorFor({ bytes: failed.textBytes ?? 0, user }));
  if (apiError) {
    const kept = idempotency && (await findByIdempotencyKey(deps, access, idempotency));
    if (kept) return kept;
    throw apiError;
  }
  const { userMessageId } = toTurnIds(failed);
  const { turn: id, answerId: newAnswerId, createdAt } = minted;
  const turn: NewTurn = {
    id,
    chat,
    sequence: failed.sequence + 1,
    question: { retryOf: { turn: failed.id, userMessageId } },
    answerId: newAnswerId,
    ...(idempotency && { idempotency }),
    ...admission.fields,
    createdAt,
  };
  const tailAtFailed = { ended: true, textBytes: failed.textBytes ?? 0 };
  const backoff = new ConflictBackoff(deps.clock);
  for (;;) {
    const result = await insertAndStart(deps, runner, access, turn, tailAtFailed, requester);
    if (result === 'started' || result === 'waiting') {
      const ids = { turn: id, chat, userMessageId, answerId: newAnswerId, createdAt };
      return { ...ids, isReplay: false, isStarted: result === 'started' };
    }
    const kept = idempotency && (await findByIdempotencyKey(deps, access, idempotency));
    if (kept) return kept;
    if (result === 'overloaded') throw overloaded(runner);
    // What took the place may not be acknowledged by a majority yet: until it is, nobody can say what it is.
    const { sequence } = await readTail(deps, access);
    if (sequence < turn.sequence) {
      await backoff.pause();
      continue;
    }
    const late = idempotency && (await findByIdempotencyKey(deps, access, idempotency));
    if (!late) throw new ApiError('not_retryable');
    return late;
  }
}
