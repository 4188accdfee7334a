import { ApiError, answerIdOf, type Id, limits, mintId, type OnBusy } from '@parley/contract';
import type { ChatAccess, ChatTail, Idempotency, InsertResult, NewTurn, TurnRecord } from '@parley/db';
import { systemScopeOf, type TurnDeps } from '../dependencies.ts';
import { openingTurn } from '../quota/open-turns.ts';
import { type QuotaReservation, reserveQuota, type TurnRequester } from '../quota/reserve-quota.ts';
import type { EndedTail } from '../run/known-tails.ts';
import { mintToken, type Runner } from '../run/runner.ts';
import { requesterOf } from '../run/schedule/requester.ts';
import type { Requester } from '../run/schedule/turn-scheduler.ts';
import { setInitialTitle } from './chat-title.ts';
import { ConflictBackoff } from './conflict-backoff.ts';

/** A message that was accepted: from here nothing of it is lost. */
export interface AcceptedTurn {
  readonly turn: Id<'turn'>;
  readonly chat: Id<'chat'>;
  readonly userMessageId: Id<'message'>;
  readonly answerId: Id<'message'>;
  readonly createdAt: Date;
  /** An earlier request with the same idempotency key had it accepted. */
  readonly isReplay: boolean;
  /** Whether it runs already, in this process. */
  readonly isStarted: boolean;
}

export type TurnIds = Omit<AcceptedTurn, 'isReplay' | 'isStarted'>;

/** A message to be accepted, with the ids it will have. */
export interface SentMessage extends Omit<TurnIds, 'chat'> {
  readonly content: string;
  readonly onBusy: OnBusy;
  readonly idempotency: Idempotency | undefined;
  readonly requestedBy: TurnRequester;
}

/** Mints the ids of a turn, once: whatever is repeated later is recognised by them. */
export function mintTurn(): Omit<TurnIds, 'chat'> {
  const userMessageId = mintId('message');
  const turn = mintId('turn');
  return { turn, userMessageId, answerId: answerIdOf(turn), createdAt: new Date() };
}

/**
 * Accepts a user's message: inserts its turn behind the chat's newest one, acknowledged by a majority, and
 * sees to it that someone runs it. Of parallel messages each gets its place, and of parallel requests with one
 * idempotency key one is accepted: unique indexes settle every race.
 *
 * @throws ApiError `chat_not_found`, `chat_full`, `queue_full`, `chat_busy`, `draining`, `too_many_turns`,
 *   `overloaded`, `budget_exhausted`, `idempotency_key_reused`, the model's rejection, and `database_unavailable` with the answer's id when it is
 *   unknown whether the message was stored.
 */
export async function acceptTurn(
  deps: TurnDeps,
  runner: Runner,
  access: ChatAccess,
  message: SentMessage,
): Promise<AcceptedTurn> {
  rejectNow(deps, runner);
  const { turn, idempotency, requestedBy } = message;
  const opening = openingTurn(turn, access.chat.id, idempotency);
  const admission = reserveQuota(deps, runner, access.scope, requestedBy, opening);
  // A repeated request is given its turn, whatever is full.
  const full = idempotency ? undefined : admission.apiErrorIfFull();
  if (full) throw full;
  const requester = requesterOf({ ...requestedBy, team: access.scope.team });
  await runner.prepare(requester);
  return admission.during(() =>
    runner.places.inOrder(access.chat.id, () =>
      placeTurn(deps, runner, access, message, admission, requester),
    ),
  );
}

async function placeTurn(
  deps: TurnDeps,
  runner: Runner,
  access: ChatAccess,
  message: SentMessage,
  admission: QuotaReservation,
  requester: Requester,
): Promise<AcceptedTurn> {
  const { onBusy, idempotency } = message;
  const { id: chat, user } = access.chat;
  const backoff = new ConflictBackoff(deps.clock);
  const firstTail: EndedTail = runner.tails.take(access) ?? (await tailOf(deps, access));
  // After a lost race the chat is looked at again too: it may have been deleted, its turns not yet removed.
  for (let tail: EndedTail = firstTail; ; tail = await readTail(deps, access)) {
    const apiError =
      apiErrorOfTail(tail, message, deps.bounds.queuedTurnsPerChatMax) ??
      apiErrorOfLoad(runner, requester) ??
      (await admission.apiErrorFor({
        bytes: tail.textBytes + Buffer.byteLength(message.content),
        user,
      }));
    if (apiError) {
      // What fills the chat, or uses up the budget, may be this very request, which came before.
      const kept = idempotency && (await findByIdempotencyKey(deps, access, idempotency));
      if (kept) return kept;
      throw apiError;
    }
    const turn = { ...newTurn(chat, message, tail.sequence + 1), ...admission.fields };
    const result = await insertAndStart(deps, runner, access, turn, tail, requester);
    if ((result === 'key-taken' || result === 'overloaded') && idempotency) {
      const kept = await findByIdempotencyKey(deps, access, idempotency);
      if (kept) return kept;
    }
    if (result === 'overloaded') throw overloaded(runner);
    if (result !== 'started' && result !== 'waiting') {
      await backoff.pause();
      continue;
    }
    if (onBusy === 'interrupt' && !tail.ended) await interrupt(deps, runner, access, turn);
    if (turn.sequence === 1) await setInitialTitle(deps, access, message.content);
    return { ...idsOf(chat, message), isReplay: false, isStarted: result === 'started' };
  }
}

/** What every new turn is rejected for, whatever it asks. */
export function rejectNow(deps: TurnDeps, runner: Runner): void {
  if (runner.isDraining) throw new ApiError('draining');
  deps.checkModel();
}

/**
 * The turn that an earlier request with this key had accepted.
 *
 * @throws ApiError `idempotency_key_reused` when that request was another one
 */
export async function findByIdempotencyKey(
  { store }: TurnDeps,
  access: ChatAccess,
  idempotency: Idempotency,
): Promise<AcceptedTurn | undefined> {
  const kept = await store.turns.findByIdempotencyKey(access, idempotency.key);
  if (!kept) return undefined;
  if (kept.idempotency?.body !== idempotency.body) throw new ApiError('idempotency_key_reused');
  return { ...toTurnIds(kept), isReplay: true, isStarted: kept.status !== 'queued' };
}

/** The ids of a stored turn. */
export function toTurnIds(turn: TurnRecord): TurnIds {
  const { id, chat, answerId, createdAt, userMessage, retryOf } = turn;
  const userMessageId = userMessage?.id ?? retryOf?.userMessageId;
  if (!userMessageId) throw new Error(`turn ${id} answers nothing`);
  return { turn: id, chat, userMessageId, answerId, createdAt };
}

/** Why a turn of this requester can neither start nor wait in this process. */
export function apiErrorOfLoad(runner: Runner, requester: Requester): ApiError | undefined {
  return runner.isOverloaded(requester) ? overloaded(runner) : undefined;
}

/** The rejection of a process whose places are all taken. */
export function overloaded(runner: Runner): ApiError {
  const retryAfterSeconds = runner.durations.secondsUntilFree(runner.runningCount);
  return new ApiError('overloaded', { retryAfterSeconds });
}

/**
 * Inserts a turn, claimed in the same write when its predecessor has ended and it has a place to run. Whatever the
 * race, someone runs it: this process now or when it has a place, its predecessor's end, or the recovery loop.
 */
export async function insertAndStart(
  deps: TurnDeps,
  runner: Runner,
  access: ChatAccess,
  fields: NewTurn,
  tail: Pick<EndedTail, 'ended' | 'textBytes' | 'history'>,
  requester: Requester,
): Promise<Exclude<InsertResult, 'inserted'> | 'started' | 'waiting' | 'overloaded'> {
  const place = runner.enter(requester, tail.ended);
  if (!place) return 'overloaded';
  const isStarted = place === 'running';
  const turn: NewTurn = isStarted
    ? { ...fields, lease: { token: mintToken(), attempt: 1, renewals: 0 } }
    : fields;
  const claimedAt = deps.clock.now();
  let result: InsertResult | undefined;
  try {
    result = await insert(deps, access, turn);
  } finally {
    if (result !== 'inserted') runner.giveBack(requester, place);
  }
  if (result !== 'inserted') return result;
  if (isStarted) runner.start(toRecord(turn, access), requester, claimedAt, tail);
  else if (place === 'waiting') runner.claimSoon(toRecord(turn, access), requester, true);
  else await waitForTurnToStart(deps, runner, access, turn, requester);
  runner.tellChat(turn.chat);
  return isStarted ? 'started' : 'waiting';
}

/**
 * The newest turn of a chat that is there.
 *
 * @throws ApiError `chat_not_found`
 */
export async function readTail(deps: TurnDeps, access: ChatAccess): Promise<ChatTail> {
  const { scope, chat } = access;
  const [found, tail] = await Promise.all([deps.store.chats.find(scope, chat.id), tailOf(deps, access)]);
  if (!found) throw new ApiError('chat_not_found');
  return tail;
}

async function tailOf({ store }: TurnDeps, access: ChatAccess): Promise<ChatTail> {
  const tail = await store.turns.tail(access);
  // A marker ends the chat, although the chat itself may not be marked yet.
  if (!tail) throw new ApiError('chat_not_found');
  return tail;
}

function newTurn(chat: Id<'chat'>, message: SentMessage, sequence: number): NewTurn {
  const { turn: id, userMessageId, answerId, content, createdAt, idempotency } = message;
  return {
    id,
    chat,
    sequence,
    question: { userMessage: { id: userMessageId, role: 'user', content, createdAt } },
    answerId,
    ...(idempotency && { idempotency }),
    createdAt,
  };
}

function idsOf(chat: Id<'chat'>, { turn, userMessageId, answerId, createdAt }: SentMessage): TurnIds {
  return { turn, chat, userMessageId, answerId, createdAt };
}

function toRecord({ question, ...turn }: NewTurn, { chat: { team } }: ChatAccess): TurnRecord {
  return { ...turn, ...question, team, status: 'generating', takeovers: 0, isCancelled: false };
}

async function insert({ store }: TurnDeps, access: ChatAccess, turn: NewTurn): Promise<InsertResult> {
  try {
    return await store.turns.insert(access, turn);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (await isStored({ store }, access, turn)) return 'inserted';
    throw new ApiError(error.code, { ...error.facts, messageId: turn.answerId, cause: error });
  }
}

/** After an unknown outcome: whether the turn is there after all. Unknown again counts as not. */
async function isStored(
  { store }: Pick<TurnDeps, 'store'>,
  access: ChatAccess,
  turn: NewTurn,
): Promise<boolean> {
  try {
    return (await store.turns.find(access, turn.id)) !== undefined;
  } catch {
    return false;
  }
}

/** No lost wake-up: either the predecessor's end sees us behind it, or it has ended and we claim ourselves. */
async function waitForTurnToStart(
  { store, log }: TurnDeps,
  runner: Runner,
  access: ChatAccess,
  { id, chat, sequence }: NewTurn,
  requester: Requester,
): Promise<void> {
  const scope = systemScopeOf(access);
  try {
    const isAnnounced = await store.turns.announceSuccessor(scope, chat, sequence);
    if (!isAnnounced) runner.claimSoon({ ...scope, id, chat, sequence }, requester);
  } catch (error) {
    log('warn', 'announcement failed; the sweep will find the turn', { turn: id, error });
  }
}

/** Cancels what runs or waits before a turn. If that fails the turn waits for it: nothing is lost. */
async function interrupt(
  { store, log }: TurnDeps,
  runner: Runner,
  access: ChatAccess,
  { id, chat, sequence }: NewTurn,
): Promise<void> {
  try {
    await store.turns.cancelBefore(access, sequence);
    runner.stopBefore(chat, sequence);
  } catch (error) {
    log('warn', 'interrupting failed; the turn waits in order', { turn: id, error });
  }
}

/** Why a chat takes no further message, or not this one. */
function apiErrorOfTail(
  tail: ChatTail,
  { content, onBusy }: SentMessage,
  queuedMax: number,
): ApiError | undefined {
  // The first unfinished turn runs, those behind it wait.
  if (tail.unfinished > queuedMax) return new ApiError('queue_full');
  const messages = (tail.sequence + 1) * 2;
  const bytes = tail.textBytes + Buffer.byteLength(content);
  if (messages > limits.chatMessagesMax || bytes > limits.chatTextBytesMax) return new ApiError('chat_full');
  return onBusy === 'reject' && !tail.ended ? new ApiError('chat_busy') : undefined;
}
