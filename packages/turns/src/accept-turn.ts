import { type Id, limits, mintId, Refusal } from '@parley/contract';
import type { ChatTail, NewTurn, Scope } from '@parley/db';
import type { TurnParts } from './parts.ts';
import { mintToken, type Runner } from './runner.ts';

/** A message that was accepted: from here nothing of it is lost. */
export interface AcceptedTurn {
  readonly turn: Id<'turn'>;
  readonly userMessageId: Id<'message'>;
  readonly answerId: Id<'message'>;
}

/** Mints the ids of a turn, once: whatever is repeated later is recognised by them. */
export function mintTurn(): AcceptedTurn {
  return { turn: mintId('turn'), userMessageId: mintId('message'), answerId: mintId('message') };
}

/**
 * Accepts a user's message: inserts its turn behind the chat's newest one, acknowledged by a majority, and
 * sees to it that someone runs it. Of parallel messages each gets its place; the unique index on
 * (chat, sequence) settles every race.
 *
 * @throws Refusal `chat_not_found`, `chat_full`, `queue_full`, `draining`, the model's refusal, and
 *   `database_unavailable` with the answer's id when it is unknown whether the message was stored.
 */
export async function acceptTurn(
  parts: TurnParts,
  runner: Runner,
  scope: Scope,
  message: AcceptedTurn & { readonly chat: Id<'chat'>; readonly content: string },
): Promise<void> {
  const { store, clock } = parts;
  const { chat, content } = message;
  if (runner.isDraining) throw new Refusal('draining');
  parts.checkModel();
  const firstTail = runner.tails.take(scope, chat) ?? (await readTail(parts, scope, chat));
  const createdAt = new Date();
  for (let tail = firstTail; ; tail = await store.turns.tail(scope, chat)) {
    refuseFull(tail, content, parts.bounds.queuedTurnsPerChatMax);
    const hasSlot = tail.ended && runner.reserve();
    const turn: NewTurn = {
      id: message.turn,
      chat,
      sequence: tail.sequence + 1,
      userMessage: { id: message.userMessageId, role: 'user', content, createdAt },
      answerId: message.answerId,
      ...(hasSlot && { lease: { token: mintToken(), attempt: 1, renewals: 0 } }),
    };
    const claimedAt = clock.now();
    let inserted = false;
    try {
      inserted = await insert(parts, scope, turn);
    } finally {
      if (hasSlot && !inserted) runner.free();
    }
    if (!inserted) continue;
    if (hasSlot) {
      runner.start({ ...turn, team: scope.team, status: 'generating', takeovers: 0 }, claimedAt);
    } else {
      await waitForTurnToStart(parts, runner, scope, turn);
    }
    return;
  }
}

async function readTail({ store }: TurnParts, scope: Scope, chat: Id<'chat'>): Promise<ChatTail> {
  const [found, tail] = await Promise.all([store.chats.find(scope, chat), store.turns.tail(scope, chat)]);
  if (!found) throw new Refusal('chat_not_found');
  return tail;
}

/** False when another turn took the sequence number. */
async function insert({ store }: TurnParts, scope: Scope, turn: NewTurn): Promise<boolean> {
  try {
    return (await store.turns.insert(scope, turn)) === 'inserted';
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (await isStored({ store }, scope, turn)) return true;
    throw new Refusal(error.code, { ...error.facts, messageId: turn.answerId, cause: error });
  }
}

/** After an unknown outcome: whether the turn is there after all. Unknown again counts as not. */
async function isStored({ store }: Pick<TurnParts, 'store'>, scope: Scope, turn: NewTurn): Promise<boolean> {
  try {
    return (await store.turns.find(scope, turn.id)) !== undefined;
  } catch {
    return false;
  }
}

/** No lost wake-up: either the predecessor's end sees us behind it, or it has ended and we claim ourselves. */
async function waitForTurnToStart(
  { store, log }: TurnParts,
  runner: Runner,
  scope: Scope,
  { id, chat, sequence }: NewTurn,
): Promise<void> {
  try {
    if (!(await store.turns.announceSuccessor(scope, chat, sequence))) runner.claimSoon(scope, id);
  } catch (error) {
    log('warn', 'announcement failed; the sweep will find the turn', { turn: id, error });
  }
}

function refuseFull(tail: ChatTail, content: string, queuedMax: number): void {
  // The first unfinished turn runs, those behind it wait.
  if (tail.unfinished > queuedMax) throw new Refusal('queue_full');
  const messages = (tail.sequence + 1) * 2;
  const bytes = tail.textBytes + Buffer.byteLength(content);
  if (messages > limits.chatMessagesMax || bytes > limits.chatTextBytesMax) throw new Refusal('chat_full');
}
