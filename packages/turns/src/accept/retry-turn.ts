import {
  ApiError,
  limits,
  type OnBusy,
  type PlacedTurn,
  retryPath,
  storedPath,
  turnIdOf,
} from '@parley/contract';
import type { ChatAccess, ChatTail, Idempotency, NewTurn, TurnRecord } from '@parley/db';
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
import { openFork } from './open-fork.ts';
import { findAsked, parentOf, placeWith, type TurnPlace } from './turn-place.ts';

/** An answer that is to be generated again. */
export interface Retry {
  readonly answerId: string;
  readonly onBusy?: Exclude<OnBusy, 'enqueue'> | undefined;
  readonly idempotency: Idempotency | undefined;
  readonly requestedBy?: TurnRequester | undefined;
}

/**
 * Finds the turn of an answer.
 *
 * @throws ApiError `message_not_found`, also if the answer belongs to another chat or was removed
 */
export async function findTurn(
  { store }: TurnDeps,
  access: ChatAccess,
  answerId: string,
): Promise<TurnRecord> {
  const id = turnIdOf(answerId);
  const turn = id && (await store.turns.find(access, id));
  if (!turn || turn.isRemoved) throw new ApiError('message_not_found');
  return turn;
}

/**
 * Answers the message of an ended answer again, with a turn of its own. A failed answer that is the chat's newest turn is
 * retried directly behind it. Any other answer gets a new version, which is a fork.
 *
 * @throws ApiError `message_not_found`, `not_retryable`, `chat_busy`, `too_many_versions`, `versions_unavailable`,
 *   `chat_full`, and the errors of `acceptTurn`
 */
export async function retryTurn(deps: AcceptDeps, access: ChatAccess, retry: Retry): Promise<AcceptedTurn> {
  assertAccepting(deps);
  const { answerId, idempotency, requestedBy = {} } = retry;
  const minted = mintTurn();
  const request = { turn: minted.turn, access, requestedBy, idempotency };
  const owner = ownerOf({ ...requestedBy, team: access.scope.team });
  await deps.runner.queue.prepare(owner);
  const answered = await findTurn(deps, access, answerId);
  if (isUnfinished(answered)) throw new ApiError('not_retryable');
  let reservation: QuotaReservation;
  try {
    const apiError = apiErrorOfLoad(deps, owner);
    if (apiError) throw apiError;
    reservation = await deps.quota.reserve(request, answered.textBytes ?? 0);
  } catch (error) {
    return findReplayOrThrow(deps, access, idempotency, error);
  }
  return acceptReserved(reservation, () =>
    insertRetry(deps, request, { retry, answered, minted, owner, fields: reservation.fields }),
  );
}

interface StartedRetry {
  readonly retry: Retry;
  readonly answered: TurnRecord;
  readonly minted: Pick<TurnIds, 'turn' | 'answerId' | 'createdAt'>;
  readonly owner: TurnOwner;
  readonly fields: QuotaReservation['fields'];
}

/** The place of a retry, and the turn that it is inserted behind. */
interface PlacedRetry {
  readonly place: TurnPlace['fields'];
  readonly behind: Pick<ChatTail, 'sequence' | 'ended' | 'textBytes'>;
}

/** Inserts the turn of a retry. Only one of several turns gets a sequence number. */
async function insertRetry(
  deps: AcceptDeps,
  { access, idempotency }: QuotaRequest,
  { retry, answered, minted, owner, fields }: StartedRetry,
): Promise<AcceptedTurn> {
  const chat = access.chat.id;
  const { userMessageId } = toTurnIds(answered);
  const { turn: id, answerId, createdAt } = minted;
  const backoff = new ConflictBackoff(deps.clock);
  // A failed answer is most likely the newest turn.
  let placed = answered.status === 'failed' ? placeBehindFailed(answered) : undefined;
  for (;;) {
    let current: PlacedRetry | undefined;
    try {
      current = placed ?? (await placeVersion(deps, access, answered, retry.onBusy === 'interrupt'));
    } catch (error) {
      return findReplayOrThrow(deps, access, idempotency, error);
    }
    if (!current) {
      await backoff.pause();
      continue;
    }
    const { place, behind } = current;
    if ((behind.sequence + 1) * 2 > limits.chatMessagesMax) throw new ApiError('chat_full');
    const turn: NewTurn = {
      id,
      chat,
      sequence: behind.sequence + 1,
      ...place,
      question: { retryOf: { turn: answered.id, userMessageId } },
      answerId,
      ...(idempotency && { idempotency }),
      ...fields,
      createdAt,
    };
    const result = await insertAndStart(deps, access, turn, behind, owner);
    if (result === 'started' || result === 'waiting') {
      const ids = { turn: id, chat, userMessageId, answerId, createdAt };
      return { ...ids, isReplay: false, isStarted: result === 'started' };
    }
    const replay = idempotency && (await findByIdempotencyKey(deps, access, idempotency));
    if (replay) return replay;
    if (result === 'overloaded') throw overloaded(deps);
    // The turn that took the sequence number may not be acknowledged by a majority yet. Until then no read returns it.
    const { tail } = await readTail(deps, access);
    if (tail.sequence < turn.sequence) {
      await backoff.pause();
      continue;
    }
    placed = undefined;
  }
}

/** The place of a retry directly behind the failed answer. It adds no range to the path. */
function placeBehindFailed(failed: TurnRecord): PlacedRetry {
  const { sequence, parent, textBytes = 0 } = failed;
  const path = storedPath(retryPath(toPlaced(failed), sequence + 1));
  return {
    place: { ...(parent !== undefined && failed.retryOf && { parent }), ...(path && { path }) },
    behind: { sequence, ended: true, textBytes },
  };
}

/**
 * The place of a new version of an answer behind the chat's newest turn; undefined if the chat has to be read again.
 *
 * @throws ApiError `not_retryable` for a failed answer that was already retried, and as `retryTurn`
 */
async function placeVersion(
  deps: AcceptDeps,
  access: ChatAccess,
  answered: TurnRecord,
  interrupts: boolean,
): Promise<PlacedRetry | undefined> {
  const { store } = deps;
  if (answered.status === 'failed') {
    const [next] = await store.turns.listAfter(access, answered.sequence, 1);
    if (next?.retryOf?.turn === answered.id) throw new ApiError('not_retryable');
  }
  const { userMessageId } = toTurnIds(answered);
  const parent = answered.parent ?? parentOf(await askedOf(deps, access, answered));
  const versions = await store.turns.listVersions(access, [parent]);
  const ofMessage = versions.filter((version) => version.userMessageId === userMessageId);
  if (ofMessage.length >= limits.versionsMax) throw new ApiError('too_many_versions');
  const { access: known, tail } = await readTail(deps, access);
  const behind = await openFork(deps, known, tail, interrupts);
  // The answer is newer than the tail, or the chat was deleted meanwhile.
  if (answered.sequence > behind.sequence) return undefined;
  const path = retryPath(toPlaced(answered), behind.sequence + 1);
  return { place: placeWith(path, parent, true).fields, behind };
}

/** The turn of the message that a turn answers. */
function askedOf(deps: AcceptDeps, access: ChatAccess, turn: TurnRecord): TurnRecord | Promise<TurnRecord> {
  return turn.userMessage ? turn : findAsked(deps, access, toTurnIds(turn).userMessageId);
}

function toPlaced({ sequence, path, parent, retryOf }: TurnRecord): PlacedTurn {
  return { sequence, path, parent, isRetry: retryOf !== undefined };
}

function isUnfinished({ status }: TurnRecord): boolean {
  return status === 'queued' || status === 'generating';
}
