import { ApiError, answerIdOf, type Id, mintId } from '@parley/contract';
import type { ChatAccess, Idempotency, TurnRecord } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';

/** A turn whose message is durably stored. */
export interface AcceptedTurn {
  readonly turn: Id<'turn'>;
  readonly chat: Id<'chat'>;
  readonly userMessageId: Id<'message'>;
  readonly answerId: Id<'message'>;
  readonly createdAt: Date;
  /** Whether an earlier request with the same idempotency key inserted the turn. */
  readonly isReplay: boolean;
  /** Whether the turn already runs in this process. */
  readonly isStarted: boolean;
}

/** The ids of a turn and its messages. */
export type TurnIds = Omit<AcceptedTurn, 'isReplay' | 'isStarted'>;

/** Creates the ids of a turn once. Repetitions of its insert are recognized by them. */
export function mintTurn(): Omit<TurnIds, 'chat'> {
  const userMessageId = mintId('message');
  const turn = mintId('turn');
  return { turn, userMessageId, answerId: answerIdOf(turn), createdAt: new Date() };
}

/** The ids of a stored turn. */
export function toTurnIds(turn: TurnRecord): TurnIds {
  const { id, chat, answerId, createdAt, userMessage, retryOf } = turn;
  const userMessageId = userMessage?.id ?? retryOf?.userMessageId;
  if (!userMessageId) throw new Error(`turn ${id} answers nothing`);
  return { turn: id, chat, userMessageId, answerId, createdAt };
}

/**
 * The turn of the earlier request with this idempotency key.
 *
 * @throws ApiError `idempotency_key_reused` when the earlier request had another body
 */
export async function findByIdempotencyKey(
  { store }: TurnDeps,
  access: ChatAccess,
  idempotency: Idempotency,
): Promise<AcceptedTurn | undefined> {
  const found = await store.turns.findByIdempotencyKey(access, idempotency.key);
  if (!found) return undefined;
  if (found.idempotency?.body !== idempotency.body) throw new ApiError('idempotency_key_reused');
  return { ...toTurnIds(found), isReplay: true, isStarted: found.status !== 'queued' };
}

/**
 * Returns the turn of an earlier attempt of the request. The limit may be reached because of that attempt.
 *
 * @throws the rejection if there was no earlier attempt
 */
export async function findReplayOrThrow(
  deps: TurnDeps,
  access: ChatAccess,
  idempotency: Idempotency | undefined,
  rejection: unknown,
): Promise<AcceptedTurn> {
  const isLimit = rejection instanceof ApiError && rejection.code !== 'database_unavailable';
  const replay = isLimit && idempotency && (await findByIdempotencyKey(deps, access, idempotency));
  if (replay) return replay;
  throw rejection;
}
