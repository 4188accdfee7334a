import { ApiError, type Id, limits, type MessageFile, type OnBusy } from '@parley/contract';
import type { ChatAccess, ChatTail, Idempotency, NewTurn } from '@parley/db';
import type { QuotaRequest, QuotaReservation, TurnRequester } from '@parley/quota';
import type { EndedTail } from '../run/known-tails.ts';
import { ownerOf, type TurnOwner } from '../run/schedule/turn-owner.ts';
import { type AcceptedTurn, findByIdempotencyKey, findReplayOrThrow, type TurnIds } from './accepted-turn.ts';
import { acceptReserved, apiErrorOfLoad, assertAccepting, overloaded } from './capacity.ts';
import { setInitialTitle } from './chat-title.ts';
import { ConflictBackoff } from './conflict-backoff.ts';
import { type AcceptDeps, insertAndStart, readTail, readTailOnly } from './insert-turn.ts';
import { openFork } from './open-fork.ts';
import { placeOf, type SentPlace, type TurnPlace } from './turn-place.ts';

/** A message to be accepted, with the ids it will have. */
export interface SentMessage extends Omit<TurnIds, 'chat'>, SentPlace {
  readonly content: string;
  /** Files that the caller may send in this chat. */
  readonly files?: readonly MessageFile[] | undefined;
  readonly onBusy: OnBusy;
  readonly idempotency: Idempotency | undefined;
  readonly requestedBy: TurnRequester;
}

/**
 * Accepts a user's message: inserts its turn after the chat's newest turn, acknowledged by a majority, and ensures
 * that a process runs it. Each of several parallel messages gets its own sequence number, and one of several parallel
 * requests with the same idempotency key is accepted: unique indexes decide.
 *
 * @throws ApiError `chat_not_found`, `message_not_found`, `chat_full`, `queue_full`, `chat_busy`, `too_many_versions`,
 *   `versions_unavailable`, `draining`, `too_many_turns`, `overloaded`, `budget_exhausted`, `idempotency_key_reused`,
 *   `file_not_found`, `file_in_use`, the model's rejection, and `database_unavailable` with the answer's id when it is unknown
 *   whether the message was stored.
 */
export async function acceptTurn(
  deps: AcceptDeps,
  access: ChatAccess,
  message: SentMessage,
): Promise<AcceptedTurn> {
  assertAccepting(deps);
  const { turn, idempotency, requestedBy } = message;
  const request = { turn, access, requestedBy, idempotency };
  // A repeated request gets its existing turn even when a limit is reached.
  const full = idempotency ? undefined : deps.quota.apiErrorIfFull(access.scope, requestedBy);
  if (full) throw full;
  const owner = ownerOf({ ...requestedBy, team: access.scope.team });
  await deps.runner.queue.prepare(owner);
  return deps.places.inOrder(access.chat.id, () => placeTurn(deps, message, request, owner));
}

/** Reserves the quota of a turn, and inserts it. */
async function placeTurn(
  deps: AcceptDeps,
  message: SentMessage,
  request: QuotaRequest,
  owner: TurnOwner,
): Promise<AcceptedTurn> {
  const { access, idempotency } = request;
  const tail: EndedTail = deps.tails.take(access) ?? (await readTailOnly(deps, access));
  let reservation: QuotaReservation;
  try {
    const apiError = apiErrorOfRoom(deps, tail, message, owner);
    if (apiError) throw apiError;
    reservation = await deps.quota.reserve(request, tail.textBytes + Buffer.byteLength(message.content));
  } catch (error) {
    return findReplayOrThrow(deps, access, idempotency, error);
  }
  return acceptReserved(reservation, () =>
    insertMessage(deps, access, message, { tail, owner, fields: reservation.fields }),
  );
}

interface Placement {
  readonly tail: EndedTail;
  readonly owner: TurnOwner;
  readonly fields: QuotaReservation['fields'];
}

/** Inserts a turn after the chat's newest turn. Repeats the insert when another turn takes its sequence number. */
async function insertMessage(
  deps: AcceptDeps,
  access: ChatAccess,
  message: SentMessage,
  { tail: firstTail, owner, fields }: Placement,
): Promise<AcceptedTurn> {
  const { onBusy, idempotency, files } = message;
  const chat = access.chat.id;
  let isClaimed = false;
  const backoff = new ConflictBackoff(deps.clock);
  // After a conflict the chat is read again: it may be deleted although its turns are not removed yet.
  for (let tail = firstTail, known = access; ; { tail, access: known } = await readTail(deps, access)) {
    const apiError = apiErrorOfRoom(deps, tail, message, owner);
    if (apiError) return findReplayOrThrow(deps, access, idempotency, apiError);
    let placed: PlacedMessage | undefined;
    try {
      // A chat without versions has its place at once.
      const placing = placeMessage(deps, known, message, tail);
      placed = placing instanceof Promise ? await placing : placing;
    } catch (error) {
      return findReplayOrThrow(deps, access, idempotency, error);
    }
    if (!placed) {
      await backoff.pause();
      continue;
    }
    if (files && !isClaimed) await claimFiles(deps, access, files);
    isClaimed = true;
    const { place, behind } = placed;
    const turn = { ...newTurn(chat, message, behind.sequence + 1), ...place.fields, ...fields };
    const result = await insertAndStart(deps, access, turn, behind, owner);
    if ((result === 'key-taken' || result === 'overloaded') && idempotency) {
      const replay = await findByIdempotencyKey(deps, access, idempotency);
      if (replay) return replay;
    }
    if (result === 'overloaded') throw overloaded(deps);
    if (result !== 'started' && result !== 'waiting') {
      await backoff.pause();
      continue;
    }
    if (onBusy === 'interrupt' && !behind.ended) await interrupt(deps, access, turn);
    if (turn.sequence === 1) await setInitialTitle(deps, access, message);
    return { ...idsOf(chat, message), isReplay: false, isStarted: result === 'started' };
  }
}

/**
 * Claims the files of a message before it is stored: from then on, no other chat gets them, and they are not deleted alone.
 *
 * @throws ApiError `file_not_found`, `file_in_use`
 */
async function claimFiles(
  { store }: AcceptDeps,
  access: ChatAccess,
  files: readonly MessageFile[],
): Promise<void> {
  const ids = files.map(({ id }) => id);
  const result = await store.files.claim(access, ids);
  if (result !== 'claimed') throw new ApiError(result === 'in-use' ? 'file_in_use' : 'file_not_found');
}

/** The place of a message, and the turn that it is inserted behind. */
interface PlacedMessage {
  readonly place: TurnPlace;
  readonly behind: EndedTail;
}

/**
 * The place of a message, and the turn that it is inserted behind; undefined if `tail` is outdated. A message that does not
 * follow the newest turn opens a fork.
 */
function placeMessage(
  deps: AcceptDeps,
  access: ChatAccess,
  message: SentMessage,
  tail: EndedTail,
): PlacedMessage | Promise<PlacedMessage | undefined> {
  const placing = placeOf(deps, access, message, tail);
  if (placing && !(placing instanceof Promise) && !placing.isFork) return { place: placing, behind: tail };
  return openPlace(deps, access, message, { tail, placing });
}

async function openPlace(
  deps: AcceptDeps,
  access: ChatAccess,
  message: SentMessage,
  first: { readonly tail: EndedTail; readonly placing: ReturnType<typeof placeOf> },
): Promise<PlacedMessage | undefined> {
  let { tail, placing } = first;
  for (;;) {
    const place = await placing;
    if (!place) return undefined;
    if (!place.isFork) return { place, behind: tail };
    const opened = await openFork(deps, access, tail, message.onBusy === 'interrupt');
    // The history that is known with a tail is not that of another path.
    if (opened.sequence === tail.sequence) return { place, behind: opened };
    tail = opened;
    placing = placeOf(deps, access, message, tail);
  }
}

function newTurn(chat: Id<'chat'>, message: SentMessage, sequence: number): NewTurn {
  const { turn: id, userMessageId, answerId, content, files, createdAt, idempotency } = message;
  return {
    id,
    chat,
    sequence,
    question: {
      userMessage: { id: userMessageId, role: 'user', content, ...(files && { files }), createdAt },
    },
    answerId,
    ...(idempotency && { idempotency }),
    createdAt,
  };
}

function idsOf(chat: Id<'chat'>, { turn, userMessageId, answerId, createdAt }: SentMessage): TurnIds {
  return { turn, chat, userMessageId, answerId, createdAt };
}

/** Cancels the unfinished turns before a turn. If the cancel fails, the turn waits for their ends. */
async function interrupt(
  { store, log, runner }: AcceptDeps,
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

/**
 * Returns the error if the chat is full, rejects this message, or this process has no capacity for it.
 */
function apiErrorOfRoom(
  deps: AcceptDeps,
  tail: ChatTail,
  message: SentMessage,
  owner: TurnOwner,
): ApiError | undefined {
  return apiErrorOfTail(tail, message, deps.bounds.queuedTurnsPerChatMax) ?? apiErrorOfLoad(deps, owner);
}

function apiErrorOfTail(
  tail: ChatTail,
  { content, onBusy }: SentMessage,
  queuedMax: number,
): ApiError | undefined {
  // The first unfinished turn runs; the turns behind it wait.
  if (tail.unfinished > queuedMax) return new ApiError('queue_full');
  const messages = (tail.sequence + 1) * 2;
  const bytes = tail.textBytes + Buffer.byteLength(content);
  if (messages > limits.chatMessagesMax || bytes > limits.chatTextBytesMax) return new ApiError('chat_full');
  return onBusy === 'reject' && !tail.ended ? new ApiError('chat_busy') : undefined;
}
