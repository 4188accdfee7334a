import { ApiError, type ChatCursor, type Id, type StreamCursor } from '@parley/contract';
import type { ChatAccess, Idempotency, Scope, SystemScope, TurnRecord } from '@parley/db';
import {
  type AcceptedTurn,
  acceptTurn,
  findByIdempotencyKey,
  mintTurn,
  type SentMessage,
  type TurnIds,
  toTurnIds,
} from './accept/accept-turn.ts';
import { findTurn, type Retry, retryTurn } from './accept/retry-turn.ts';
import { insertMarker, removeDeletedChat } from './delete-chat.ts';
import type { TurnDeps } from './dependencies.ts';
import { countUsage } from './quota/count-usage.ts';
import { ChatReader, type PlacedChatEvent } from './read/follow-chat.ts';
import { type Following, followTurn } from './read/follow-turn.ts';
import { Followers } from './read/followers.ts';
import type { PlacedEvent } from './read/reader-events.ts';
import { createReads } from './read/reads.ts';
import { type ReadDeps, readTurn } from './read/turn-reader.ts';
import { WakeUp } from './read/wake-up.ts';
import { recoverDeletions } from './recover/recover-deletions.ts';
import { recoverTurns } from './recover/recover-turns.ts';
import { cancelTurn } from './run/cancel-turn.ts';
import { Runner } from './run/runner.ts';
import { superviseRuns } from './run/supervise-runs.ts';
import { findOutcome, type TurnOutcome } from './turn-outcome.ts';

export type NewMessage = Pick<SentMessage, 'content'> &
  Partial<Pick<SentMessage, 'onBusy' | 'idempotency' | 'requestedBy'>>;

/** An accepted turn, and how it ended. */
interface AnsweredTurn {
  readonly accepted: AcceptedTurn;
  readonly outcome: TurnOutcome;
}

/** One answer, as its reader gets it. */
export interface ReadAnswer extends TurnIds {
  /**
   * The events from after the cursor on, to the end or until the signal aborts.
   *
   * @throws ApiError `chat_not_found`, `draining` or `database_unavailable`, in the middle
   */
  readonly events: AsyncGenerator<PlacedEvent, void, undefined>;
}

export interface Turns {
  /**
   * The chat a message is sent to, if the scope reaches it. May answer what the run of the chat's newest turn read of
   * it: a deletion is then found by the new turn's own run. Whatever else is asked of a chat finds it in the store.
   */
  findChat(scope: Scope, chat: Id<'chat'>): Promise<ChatAccess | undefined>;
  /** Accepts a user's message. @throws ApiError whatever `acceptTurn` rejects */
  accept(chat: ChatAccess, message: NewMessage): Promise<AcceptedTurn>;
  /**
   * Accepts a user's message and waits for its end, wherever it runs. The turn never depends on the wait.
   *
   * @throws ApiError whatever `acceptTurn` rejects; after acceptance `answer_pending` and
   *   `database_unavailable`, both with the answer's id.
   */
  send(chat: ChatAccess, message: NewMessage, signal?: AbortSignal): Promise<AnsweredTurn>;
  /** Accepts a retry of a failed answer. @throws ApiError whatever `retryTurn` rejects */
  retry(chat: ChatAccess, retry: Retry): Promise<AcceptedTurn>;
  /** Waits for the end of an accepted turn, as `send` does. */
  outcome(chat: ChatAccess, accepted: AcceptedTurn, signal?: AbortSignal): Promise<TurnOutcome>;
  /** What an earlier request with this key had accepted. @throws ApiError `idempotency_key_reused` */
  findByIdempotencyKey(chat: ChatAccess, idempotency: Idempotency): Promise<AcceptedTurn | undefined>;
  /** The turn of an answer. @throws ApiError `message_not_found` */
  find(chat: ChatAccess, answerId: string): Promise<TurnRecord>;
  /** Stops an answer; answers its turn as it then stands. @throws ApiError `message_not_found` */
  cancel(chat: ChatAccess, answerId: string): Promise<TurnRecord>;
  /**
   * Reads an answer from after a cursor on; from its start without one. `null` is a cursor nobody made.
   *
   * @throws ApiError `message_not_found`, `draining`
   */
  read(
    chat: ChatAccess,
    answer: { answerId: string; from: StreamCursor | null | undefined },
    signal: AbortSignal,
  ): Promise<ReadAnswer>;
  /** The answer that is being written in a chat, or is next to be. */
  runningAnswer(chat: ChatAccess): Promise<Id<'message'> | undefined>;
  /** Tells what happens in a chat. @throws ApiError `draining`, `database_unavailable` */
  followChat(
    chat: ChatAccess,
    from: ChatCursor | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<PlacedChatEvent, void, undefined>;
  /**
   * Stops every answer that a user asked for: those that run, here or elsewhere, and those that wait. What had been
   * shown is kept.
   */
  stopUser(scope: Scope, user: string): Promise<void>;
  /**
   * Deletes a chat. It is marked first, so that it is gone for everyone; then its marker takes the next sequence,
   * so that no message follows; then its turns are removed. False when there is no such chat.
   */
  deleteChat(scope: Scope, chat: Id<'chat'>): Promise<boolean>;
  /**
   * Deletes a chat whose newest turn is still `sequence`: its marker takes the next sequence first, and the chat
   * is marked after it. False when the chat has a newer turn, and stays; or when another process deletes it.
   */
  deleteIdleChat(scope: SystemScope, chat: Id<'chat'>, sequence: number): Promise<boolean>;
  /** Ends what goes on in a chat that is marked deleted, in this process, and removes its turns. */
  dropChat(chat: Id<'chat'>): Promise<void>;
  readonly isDraining: boolean;
  /** Turns that run in this process, and places that are being filled. */
  readonly running: number;
  /** Turns that wait in this process for a place. */
  readonly waiting: number;
  /** Turns that ended in this process and are not counted yet. */
  readonly uncounted: number;
  /**
   * Stops accepting, lets runs finish for `graceMs` or until `force` aborts, hands over the rest, lets its
   * readers go, stops renewals and sweep.
   */
  drain(graceMs: number, force?: AbortSignal): Promise<void>;
}

/** How many of a user's unfinished turns are marked with one write. */
const STOPPED_PAGE = 100;

/** Starts the turns of one process: its runner, its keeper and its sweep. End it with `drain`. */
export function startTurns(deps: TurnDeps): Turns {
  const { store, bounds } = deps;
  const followers = new Followers();
  const runner = new Runner(deps, followers);
  const readDeps: ReadDeps = {
    ...deps,
    followers,
    running: runner.running,
    reads: createReads(deps),
    isWaiting: (turn) => runner.isWaiting(turn),
  };
  const stop = new AbortController();
  const background = [
    superviseRuns(deps, runner.running, runner.logWriter, stop.signal),
    recoverTurns(deps, runner, stop.signal),
    recoverDeletions(deps, stop.signal),
    countUsage(deps, runner, stop.signal),
  ];

  const accept = (chat: ChatAccess, message: SentMessage) =>
    runner.track(acceptTurn(deps, runner, chat, message));
  const rejectWhileDraining = () => {
    if (runner.isDraining) throw new ApiError('draining');
  };

  const outcome: Turns['outcome'] = async (chat, accepted, signal) => {
    const { turn } = accepted;
    const following = followTurn(readDeps, chat, turn);
    try {
      const known = accepted.isReplay ? await findOutcome(store, chat, turn) : undefined;
      return known ?? (await outcomeOf(following, accepted, bounds.sendWaitMaxMs, signal));
    } finally {
      following.detach();
    }
  };

  const stopChat = (chat: Id<'chat'>) => {
    runner.stopChat(chat);
    runner.tails.forget(chat);
    followers.chats.tell(chat, 'deleted');
  };
  const dropChat = async (chat: Id<'chat'>) => {
    stopChat(chat);
    await removeDeletedChat(deps, chat);
  };
  const removeOrLeave = async (chat: Id<'chat'>) => {
    try {
      await store.chats.purge(chat);
    } catch (error) {
      // It is deleted for everyone already; the recovery loop removes the rest.
      deps.log('warn', 'purge failed; the sweep will finish it', { chat, error });
    }
  };

  return {
    findChat: async (scope, chat) => runner.tails.accessFor(scope, chat) ?? store.chats.find(scope, chat),

    accept: (chat, message) => accept(chat, toSent(message)),

    async send(chat, message, signal) {
      const sent = toSent(message);
      // Attached before it is accepted, so that an end at once is not missed.
      const following = followTurn(readDeps, chat, sent.turn);
      try {
        const accepted = await accept(chat, sent);
        if (accepted.isReplay) return { accepted, outcome: await outcome(chat, accepted, signal) };
        return {
          accepted,
          outcome: await outcomeOf(following, accepted, bounds.sendWaitMaxMs, signal),
        };
      } finally {
        following.detach();
      }
    },

    retry: (chat, retry) => runner.track(retryTurn(deps, runner, chat, retry)),
    outcome,
    findByIdempotencyKey: (chat, idempotency) => findByIdempotencyKey(deps, chat, idempotency),
    find: (chat, answerId) => findTurn(deps, chat, answerId),
    cancel: (chat, answerId) => cancelTurn(readDeps, runner, chat, answerId),

    async read(chat, { answerId, from }, signal) {
      const turn = runner.runningTurn(chat, answerId) ?? (await findTurn(deps, chat, answerId));
      // Its id says that the answer is there: it is read elsewhere.
      if (runner.isDraining && !runner.running.has(turn.id)) {
        throw new ApiError('draining', { messageId: turn.answerId });
      }
      const accepted = toTurnIds(turn);
      const reading = { access: chat, turn: turn.id, answerId: turn.answerId, from };
      return { ...accepted, events: readTurn(readDeps, reading, new WakeUp(), signal) };
    },

    async runningAnswer(chat) {
      const tail = await store.turns.tail(chat);
      if (!tail) return undefined;
      const [first] = await store.turns.listAfter(chat, tail.sequence - tail.unfinished, 1);
      return first?.answerId;
    },

    followChat(chat, from, signal) {
      rejectWhileDraining();
      return followWhileAsked(() => {
        rejectWhileDraining();
        return new ChatReader(readDeps, chat).follow(from, signal);
      });
    },

    async stopUser({ team }, user) {
      for (;;) {
        const marked = await store.turns.cancelOfUser({ team }, user, STOPPED_PAGE);
        for (const turn of marked) runner.stopTurn(turn);
        if (marked.length < STOPPED_PAGE) return;
      }
    },

    async deleteChat(scope, chat) {
      if (!(await store.chats.markDeleted(scope, chat))) {
        // Another request may just have marked it: that the chat is gone is told once its marker stands.
        await insertMarker(deps, chat);
        return false;
      }
      stopChat(chat);
      await insertMarker(deps, chat);
      await removeOrLeave(chat);
      return true;
    },

    async deleteIdleChat(scope, chat, sequence) {
      if (!(await store.chats.insertMarkerBehind(scope, chat, sequence))) return false;
      // Another process deletes it as well, and was first.
      if (!(await store.chats.markDeleted(scope, chat))) return false;
      stopChat(chat);
      await removeOrLeave(chat);
      return true;
    },

    dropChat,

    get isDraining() {
      return runner.isDraining;
    },
    get running() {
      return runner.runningCount;
    },
    get waiting() {
      return runner.waitingCount;
    },
    get uncounted() {
      return runner.uncounted.size;
    },

    async drain(graceMs, force) {
      await runner.drain(graceMs, force);
      await runner.prefetched.close();
      stop.abort();
      await Promise.all(background);
    },
  };
}

/** Begins only with the first event that is asked for: one that is let go before leaves nothing behind. */
async function* followWhileAsked<Item>(
  begin: () => AsyncGenerator<Item, void, undefined>,
): AsyncGenerator<Item, void, undefined> {
  yield* begin();
}

function toSent({ content, onBusy = 'enqueue', idempotency, requestedBy = {} }: NewMessage): SentMessage {
  return { ...mintTurn(), content, onBusy, idempotency, requestedBy };
}

async function outcomeOf(
  following: Following,
  { answerId }: AcceptedTurn,
  waitMaxMs: number,
  signal: AbortSignal | undefined,
): Promise<TurnOutcome> {
  try {
    const outcome = await following.outcome(signal, waitMaxMs);
    if (outcome) return outcome;
  } catch (error) {
    if (error instanceof ApiError)
      throw new ApiError(error.code, { ...error.facts, messageId: answerId, cause: error });
    throw error;
  }
  throw new ApiError('answer_pending', { messageId: answerId });
}
