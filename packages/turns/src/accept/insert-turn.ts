import { ApiError } from '@parley/contract';
import type { ChatAccess, ChatTail, InsertResult, NewTurn, TurnRecord } from '@parley/db';
import type { Quota } from '@parley/quota';
import { systemScopeOf, type TurnDeps } from '../dependencies.ts';
import type { ChatUses } from '../list/chat-uses.ts';
import type { Followers } from '../read/followers.ts';
import type { EndedTail, KnownTails } from '../run/known-tails.ts';
import { mintToken } from '../run/run.ts';
import type { RunDurations } from '../run/run-durations.ts';
import type { Runner } from '../run/runner.ts';
import type { TurnOwner } from '../run/schedule/turn-owner.ts';
import type { ChatPlaces } from './chat-places.ts';

/** The dependencies of accepting a turn, besides the ports. */
export interface AcceptDeps extends TurnDeps {
  readonly runner: Runner;
  readonly quota: Quota;
  readonly tails: KnownTails;
  readonly places: ChatPlaces;
  readonly durations: RunDurations;
  readonly followers: Followers;
  readonly uses: ChatUses;
}

/**
 * Inserts a turn. The same write claims it if its predecessor has ended and this process has a place. In every race
 * some process runs the turn: this process, the process that ends the predecessor, or the recovery loop.
 *
 * @throws ApiError with the answer's id when it is unknown whether the turn was stored
 */
export async function insertAndStart(
  deps: AcceptDeps,
  access: ChatAccess,
  fields: NewTurn,
  tail: Pick<EndedTail, 'ended' | 'textBytes' | 'history' | 'revision'>,
  owner: TurnOwner,
): Promise<Exclude<InsertResult, 'inserted'> | 'started' | 'waiting' | 'overloaded'> {
  const { runner, followers, uses } = deps;
  const place = runner.queue.enter(owner, tail.ended);
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
    if (result !== 'inserted') runner.queue.giveBack(owner, place);
  }
  if (result !== 'inserted') return result;
  uses.accepted({ ...turn, team: access.chat.team }, turn.createdAt);
  if (isStarted) runner.start(toRecord(turn, access), owner, claimedAt, tail);
  else if (place === 'waiting') runner.queue.claimSoon(toRecord(turn, access), owner, true);
  else await waitForTurnToStart(deps, access, turn, owner);
  followers.chats.notify(turn.chat, 'changed');
  return isStarted ? 'started' : 'waiting';
}

/**
 * An existing chat as it is now, and its newest turn.
 *
 * @throws ApiError `chat_not_found`
 */
export async function readTail(
  deps: TurnDeps,
  access: ChatAccess,
): Promise<{ tail: ChatTail; access: ChatAccess }> {
  const { scope, chat } = access;
  const [found, tail] = await Promise.all([
    deps.store.chats.find(scope, chat.id),
    readTailOnly(deps, access),
  ]);
  if (!found) throw new ApiError('chat_not_found');
  return { tail, access: found };
}

/**
 * The newest turn of a chat that was read a moment ago.
 *
 * @throws ApiError `chat_not_found`
 */
export async function readTailOnly({ store }: TurnDeps, access: ChatAccess): Promise<ChatTail> {
  const tail = await store.turns.tail(access);
  // The deletion marker ends the chat even if the chat itself is not marked as deleted yet.
  if (!tail) throw new ApiError('chat_not_found');
  return tail;
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

/**
 * Whether a turn is stored although the outcome of its insert is unknown. If this check fails too,
 * the turn counts as not stored.
 */
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

/**
 * Either the end of the predecessor sees the announcement and starts this turn, or the predecessor has ended and this
 * process claims it.
 */
async function waitForTurnToStart(
  { store, log, runner }: AcceptDeps,
  access: ChatAccess,
  { id, chat, sequence }: NewTurn,
  owner: TurnOwner,
): Promise<void> {
  const scope = systemScopeOf(access);
  try {
    const isAnnounced = await store.turns.announceSuccessor(scope, chat, sequence);
    if (!isAnnounced) runner.queue.claimSoon({ ...scope, id, chat, sequence }, owner);
  } catch (error) {
    log('warn', 'announcement failed; the recovery loop will find the turn', { turn: id, error });
  }
}
