import { type Id, limits, Refusal, turnIdOf } from '@parley/contract';
import type { Idempotency, NewTurn, Scope, TurnRecord } from '@parley/db';
import {
  type AcceptedTurn,
  findKept,
  insertAndStart,
  mintTurn,
  readTail,
  refuseNow,
  toTurnIds,
} from './accept-turn.ts';
import { type Admission, type Asker, admitTurn } from './admit-turn.ts';
import { ConflictBackoff } from './conflict-backoff.ts';
import type { TurnParts } from './parts.ts';
import type { Runner } from './runner.ts';

/** A failed answer that is to be given again. */
export interface Retry {
  readonly chat: Id<'chat'>;
  readonly answerId: string;
  readonly idempotency: Idempotency | undefined;
  readonly asker?: Asker | undefined;
}

/**
 * Finds the turn of an answer.
 *
 * @throws Refusal `message_not_found`, also for another team's or another chat's
 */
export async function findTurn(
  parts: TurnParts,
  scope: Scope,
  chat: Id<'chat'>,
  answerId: string,
): Promise<TurnRecord> {
  return (await findTurnOf(parts, scope, chat, answerId)).turn;
}

/** The turn of an answer, and whose chat it is in. */
async function findTurnOf(
  { store }: TurnParts,
  scope: Scope,
  chat: Id<'chat'>,
  answerId: string,
): Promise<{ turn: TurnRecord; user: string | undefined }> {
  const id = turnIdOf(answerId);
  if (!id) throw new Refusal('message_not_found');
  const [turn, found] = await Promise.all([store.turns.find(scope, id), store.chats.find(scope, chat)]);
  // Between the mark of a deletion and its purge the turn is there still, and no longer to be told.
  if (!turn || turn.chat !== chat || !found) throw new Refusal('message_not_found');
  return { turn, user: found.user };
}

/**
 * Answers a failed message again, by a turn of its own right behind the failed one. Of parallel retries, and of
 * a retry and a new message, one wins: they want the same place.
 *
 * @throws Refusal `message_not_found`, `not_retryable`, `chat_full`, and what `acceptTurn` refuses
 */
export async function retryTurn(
  parts: TurnParts,
  runner: Runner,
  scope: Scope,
  retry: Retry,
): Promise<AcceptedTurn> {
  refuseNow(parts, runner);
  const minted = mintTurn();
  const { turn } = minted;
  const request = retry.idempotency?.key ?? turn;
  const admission = admitTurn(parts, runner, scope, retry.asker ?? {}, { turn, request });
  return admission.during(() => placeRetry(parts, runner, scope, { ...retry, minted }, admission));
}

async function placeRetry(
  parts: TurnParts,
  runner: Runner,
  scope: Scope,
  { chat, answerId, idempotency, minted }: Retry & { readonly minted: ReturnType<typeof mintTurn> },
  admission: Admission,
): Promise<AcceptedTurn> {
  const { turn: failed, user } = await findTurnOf(parts, scope, chat, answerId);
  if (failed.status !== 'failed') throw new Refusal('not_retryable');
  if ((failed.sequence + 1) * 2 > limits.chatMessagesMax) throw new Refusal('chat_full');
  const refusal = await admission.refusalFor({ bytes: failed.textBytes ?? 0, user });
  if (refusal) {
    const kept = idempotency && (await findKept(parts, scope, chat, idempotency));
    if (kept) return kept;
    throw refusal;
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
  const backoff = new ConflictBackoff(parts.clock);
  for (;;) {
    const result = await insertAndStart(parts, runner, scope, turn, tailAtFailed);
    if (result === 'started' || result === 'waiting') {
      const ids = { turn: id, chat, userMessageId, answerId: newAnswerId, createdAt };
      return { ...ids, isReplay: false, isStarted: result === 'started' };
    }
    const kept = idempotency && (await findKept(parts, scope, chat, idempotency));
    if (kept) return kept;
    // What took the place may not be acknowledged by a majority yet: until it is, nobody can say what it is.
    const { sequence } = await readTail(parts, scope, chat);
    if (sequence < turn.sequence) {
      await backoff.pause();
      continue;
    }
    const late = idempotency && (await findKept(parts, scope, chat, idempotency));
    if (!late) throw new Refusal('not_retryable');
    return late;
  }
}
