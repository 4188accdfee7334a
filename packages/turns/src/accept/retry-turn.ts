import { ApiError, limits, turnIdOf } from '@parley/contract';
import type { ChatAccess, Idempotency, NewTurn, TurnRecord } from '@parley/db';
import type { QuotaRequest, QuotaReservation, TurnRequester } from '@parley/quota';
import type { TurnDeps } from '../dependencies.ts';
import { ownerOf, type TurnOwner } from '../run/schedule/turn-owner.ts';
import {
  type AcceptedTurn,
  findByIdempotencyKey,
  findReplayOrThrow,
  mintTurn,
  type TurnIds,
  toTurnIds,
} from './accepted-turn.ts';
import { acceptReserved, apiErrorOfLoad, assertAccepting, overloaded } from './capacity.ts';
import { ConflictBackoff } from './conflict-backoff.ts';
import { type AcceptDeps, insertAndStart, readTail } from './insert-turn.ts';

/** A failed answer that is to be generated again. */
export interface Retry {
  readonly answerId: string;
  readonly idempotency: Idempotency | undefined;
  readonly requestedBy?: TurnRequester | undefined;
}

/**
 * Finds the turn of an answer.
 *
 * @throws ApiError `message_not_found`, also if the answer belongs to another chat
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
 * Answers a failed message again with a turn of its own, directly after the failed one. Only one of several
 * parallel retries and new messages gets the next sequence number.
 *
 * @throws ApiError `message_not_found`, `not_retryable`, `chat_full`, and the errors of `acceptTurn`
 */
export async function retryTurn(deps: AcceptDeps, access: ChatAccess, retry: Retry): Promise<AcceptedTurn> {
  assertAccepting(deps);
  const { answerId, idempotency, requestedBy = {} } = retry;
  const minted = mintTurn();
  const request = { turn: minted.turn, access, requestedBy, idempotency };
  const owner = ownerOf({ ...requestedBy, team: access.scope.team });
  await deps.runner.queue.prepare(owner);
  const failed = await findTurn(deps, access, answerId);
  if (failed.status !== 'failed') throw new ApiError('not_retryable');
  if ((failed.sequence + 1) * 2 > limits.chatMessagesMax) throw new ApiError('chat_full');
  let reservation: QuotaReservation;
  try {
    const apiError = apiErrorOfLoad(deps, owner);
    if (apiError) throw apiError;
    reservation = await deps.quota.reserve(request, failed.textBytes ?? 0);
  } catch (error) {
    return findReplayOrThrow(deps, access, idempotency, error);
  }
  return acceptReserved(reservation, () =>
    insertRetry(deps, request, { failed, minted, owner, fields: reservation.fields }),
  );
}

interface StartedRetry {
  readonly failed: TurnRecord;
  readonly minted: Pick<TurnIds, 'turn' | 'answerId' | 'createdAt'>;
  readonly owner: TurnOwner;
  readonly fields: QuotaReservation['fields'];
}

/** Inserts the turn of a retry. Only one of several turns gets the sequence number after the failed turn. */
async function insertRetry(
  deps: AcceptDeps,
  { access, idempotency }: QuotaRequest,
  { failed, minted, owner, fields }: StartedRetry,
): Promise<AcceptedTurn> {
  const chat = access.chat.id;
  const { userMessageId } = toTurnIds(failed);
  const { turn: id, answerId, createdAt } = minted;
  const turn: NewTurn = {
    id,
    chat,
    sequence: failed.sequence + 1,
    question: { retryOf: { turn: failed.id, userMessageId } },
    answerId,
    ...(idempotency && { idempotency }),
    ...fields,
    createdAt,
  };
  const tailAtFailed = { ended: true, textBytes: failed.textBytes ?? 0 };
  const backoff = new ConflictBackoff(deps.clock);
  for (;;) {
    const result = await insertAndStart(deps, access, turn, tailAtFailed, owner);
    if (result === 'started' || result === 'waiting') {
      const ids = { turn: id, chat, userMessageId, answerId, createdAt };
      return { ...ids, isReplay: false, isStarted: result === 'started' };
    }
    const replay = idempotency && (await findByIdempotencyKey(deps, access, idempotency));
    if (replay) return replay;
    if (result === 'overloaded') throw overloaded(deps);
    // The turn that took the sequence number may not be acknowledged by a majority yet. Until then no read returns it.
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
