import { ApiError, type ChatCursor, type Id, type StreamCursor } from '@parley/contract';
import type { ChatAccess, ChatRecord, Idempotency, Scope, SystemScope, TurnRecord } from '@parley/db';
import type { TurnRequester } from '@parley/quota';
import { acceptTurn, type SentMessage } from './accept/accept-turn.ts';
import {
  type AcceptedTurn,
  findByIdempotencyKey,
  mintTurn,
  type TurnIds,
  toTurnIds,
} from './accept/accepted-turn.ts';
import { assertAccepting } from './accept/capacity.ts';
import { findTurn, type Retry, retryTurn } from './accept/retry-turn.ts';
import { choosePath } from './choose-path.ts';
import { deleteChat, deleteIdleChat, stopChat } from './delete-chat.ts';
import type { TurnDeps } from './dependencies.ts';
import { createEngine } from './engine.ts';
import { type ListEventWithCursor, ListFollower } from './list/list-follower.ts';
import type { AnswerEventWithCursor } from './read/answer-events.ts';
import type { ChatEventWithCursor } from './read/chat-events.ts';
import { ChatReader } from './read/follow-chat.ts';
import { type Following, followTurn } from './read/follow-turn.ts';
import { readTurn } from './read/turn-reader.ts';
import { WakeUp } from './read/wake-up.ts';
import { recoverDeletions } from './recover/recover-deletions.ts';
import { recoverTurns } from './recover/recover-turns.ts';
import { removeDeletedChat } from './recover/remove-deleted-chat.ts';
import { removeMessage } from './remove-message.ts';
import { cancelTurn } from './run/cancel-turn.ts';
import { superviseRuns } from './run/supervise-runs.ts';
import { findOutcome, type TurnOutcome } from './turn-outcome.ts';

/** A user's message, and how to accept it. */
export type NewMessage = Pick<SentMessage, 'content'> &
  Partial<Pick<SentMessage, 'files' | 'onBusy' | 'idempotency' | 'requestedBy' | 'replaces' | 'after'>>;

/** An accepted turn, and how it ended. */
interface AnsweredTurn {
  readonly accepted: AcceptedTurn;
  readonly outcome: TurnOutcome;
}

/** One answer and its events. */
export interface ReadAnswer extends TurnIds {
  /**
   * The events after the cursor, to the end or until the signal aborts.
   *
   * @throws ApiError `chat_not_found`, `draining` or `database_unavailable`, also after some events
   */
  readonly events: AsyncGenerator<AnswerEventWithCursor, void, undefined>;
}

/** The turns of one process: accepts messages, answers them, and lets any number of readers follow. */
export interface Turns {
  /**
   * The chat of a new message, if the scope reaches it. May return the remembered chat from its newest run: the run of
   * the new turn reads the chat again and finds a deletion. All other requests read the chat from the store.
   */
  findChat(scope: Scope, chat: Id<'chat'>): Promise<ChatAccess | undefined>;
  /**
   * Rejects a requester who has too many unfinished turns, if this process knows it without the database, so that the
   * chat need not be read. Do not call it for a request with an idempotency key, because a repeated request gets its
   * existing turn.
   *
   * @throws ApiError `too_many_turns`, or the reason why this process accepts no turn at all
   */
  assertRoom(scope: Scope, requestedBy: TurnRequester): void;
  /** Accepts a user's message. @throws ApiError as `acceptTurn` does */
  accept(chat: ChatAccess, message: NewMessage): Promise<AcceptedTurn>;
  /**
   * Accepts a user's message and waits for its end, wherever it runs. Ending the wait does not affect the turn.
   *
   * @throws ApiError as `acceptTurn` does; after acceptance `answer_pending` and
   *   `database_unavailable`, both with the answer's id.
   */
  send(chat: ChatAccess, message: NewMessage, signal?: AbortSignal): Promise<AnsweredTurn>;
  /** Accepts a retry or a new version of an answer. @throws ApiError as `retryTurn` does */
  retry(chat: ChatAccess, retry: Retry): Promise<AcceptedTurn>;
  /** Shows the path of the turn with this sequence until a new turn comes. @throws ApiError `chat_not_found` */
  choosePath(chat: ChatAccess, turn: number): Promise<void>;
  /** Removes the content of the newest message after it failed. @throws ApiError as `removeMessage` does */
  removeMessage(chat: ChatAccess, messageId: string): Promise<void>;
  /** Waits for the end of an accepted turn, as `send` does. */
  outcome(chat: ChatAccess, accepted: AcceptedTurn, signal?: AbortSignal): Promise<TurnOutcome>;
  /** The turn of the earlier request with this idempotency key. @throws ApiError `idempotency_key_reused` */
  findByIdempotencyKey(chat: ChatAccess, idempotency: Idempotency): Promise<AcceptedTurn | undefined>;
  /** The turn of an answer. @throws ApiError `message_not_found` */
  find(chat: ChatAccess, answerId: string): Promise<TurnRecord>;
  /** Stops an answer, and returns its turn after the stop. @throws ApiError `message_not_found` */
  cancel(chat: ChatAccess, answerId: string): Promise<TurnRecord>;
  /**
   * Reads an answer after a cursor; without a cursor from its start. `null` stands for a cursor that no server issued.
   *
   * @throws ApiError `message_not_found`, `draining`
   */
  read(
    chat: ChatAccess,
    answer: { answerId: string; from: StreamCursor | null | undefined },
    signal: AbortSignal,
  ): Promise<ReadAnswer>;
  /** The answer that is being generated in a chat, or is generated next. */
  runningAnswer(chat: ChatAccess): Promise<Id<'message'> | undefined>;
  /** The events of a chat. @throws ApiError `draining`, `database_unavailable` */
  followChat(
    chat: ChatAccess,
    from: ChatCursor | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ChatEventWithCursor, void, undefined>;
  /**
   * The changes in the list of chats of a scope, after a cursor; without a cursor from now on. `null` stands for a cursor that
   * no server issued.
   *
   * @throws ApiError `draining`, `database_unavailable`
   */
  followList(
    scope: Scope,
    from: Date | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ListEventWithCursor, void, undefined>;
  /** Announces a chat that a caller has created to the followers of lists, in the background. */
  noteChange(chat: ChatRecord): void;
  /** Wakes the followers of lists in this process, when a change is announced in the database already. */
  notifyLists(team: Id<'team'>): void;
  /** Stops every unfinished answer of a user, running or waiting, in any process. The text shown so far is kept. */
  stopUser(scope: Scope, user: string): Promise<void>;
  /**
   * Deletes a chat. It is marked first, which hides it from everyone. Then its marker takes the next sequence, so
   * that no message follows, and its turns are removed. False if there is no such chat.
   */
  deleteChat(scope: Scope, chat: Id<'chat'>): Promise<boolean>;
  /**
   * Deletes a chat whose newest turn is still `sequence`: its marker takes the next sequence first, and then the chat
   * is marked. False if the chat has a newer turn and stays, or if another process deletes it.
   */
  deleteIdleChat(scope: SystemScope, chat: Id<'chat'>, sequence: number): Promise<boolean>;
  /** Ends the activity of a deleted chat in this process and removes its turns. */
  dropChat(chat: Id<'chat'>): Promise<void>;
  readonly isDraining: boolean;
  /** The number of running turns in this process, including turns that are being claimed. */
  readonly running: number;
  /** The number of turns that wait in this process for a place. */
  readonly waiting: number;
  /** The number of turns that ended in this process and whose usage is not counted yet. */
  readonly uncounted: number;
  /**
   * Accepts nothing more, lets runs finish for `graceMs` or until `force` aborts, hands over the rest, disconnects
   * its readers, and stops renewals and the recovery loop.
   */
  drain(graceMs: number, force?: AbortSignal): Promise<void>;
}

/** The number of a user's unfinished turns that one write marks. */
const STOPPED_PAGE = 100;

/** Starts the turns of one process and its background loops. End them with `drain`. */
export function startTurns(deps: TurnDeps): Turns {
  const engine = createEngine(deps);
  const { store, runner, quota, tails, work, uses } = engine;
  const stop = new AbortController();
  const background = [
    superviseRuns(engine, runner.running, stop.signal),
    recoverTurns(engine, runner, stop.signal),
    recoverDeletions(engine, stop.signal),
    uses.work(stop.signal),
    quota.work(stop.signal),
  ];

  const accept = (chat: ChatAccess, message: SentMessage) => work.track(acceptTurn(engine, chat, message));
  const outcome: Turns['outcome'] = async (chat, accepted, signal) => {
    const { turn } = accepted;
    const following = followTurn(engine, chat, turn);
    try {
      const known = accepted.isReplay ? await findOutcome(store, chat, turn) : undefined;
      return known ?? (await outcomeOf(following, accepted, engine.bounds.sendWaitMaxMs, signal));
    } finally {
      following.detach();
    }
  };

  return {
    findChat: async (scope, chat) => tails.accessFor(scope, chat) ?? store.chats.find(scope, chat),

    assertRoom(scope, requestedBy) {
      const full = quota.apiErrorIfFull(scope, requestedBy);
      if (!full) return;
      assertAccepting(engine);
      throw full;
    },

    accept: (chat, message) => accept(chat, toSent(message)),

    async send(chat, message, signal) {
      const sent = toSent(message);
      // The listener is attached before the acceptance, so that an immediate end is not missed.
      const following = followTurn(engine, chat, sent.turn);
      try {
        const accepted = await accept(chat, sent);
        if (accepted.isReplay) return { accepted, outcome: await outcome(chat, accepted, signal) };
        return {
          accepted,
          outcome: await outcomeOf(following, accepted, engine.bounds.sendWaitMaxMs, signal),
        };
      } finally {
        following.detach();
      }
    },

    retry: (chat, retry) => work.track(retryTurn(engine, chat, retry)),
    choosePath: (chat, turn) => choosePath(engine, chat, turn),
    removeMessage: (chat, messageId) => removeMessage(engine, chat, messageId),
    outcome,
    findByIdempotencyKey: (chat, idempotency) => findByIdempotencyKey(engine, chat, idempotency),
    find: (chat, answerId) => findTurn(engine, chat, answerId),
    cancel: (chat, answerId) => cancelTurn(engine, runner, chat, answerId),

    async read(chat, { answerId, from }, signal) {
      const turn = runner.runningTurn(chat, answerId) ?? (await findTurn(engine, chat, answerId));
      // The error with the answer's id says that the answer exists and can be read from another process.
      if (runner.isDraining && !runner.running.has(turn.id)) {
        throw new ApiError('draining', { messageId: turn.answerId });
      }
      const ids = toTurnIds(turn);
      const reading = { ...ids, access: chat, from, emitsPosition: true };
      return { ...ids, events: readTurn(engine, reading, new WakeUp(), signal) };
    },

    async runningAnswer(chat) {
      const tail = await store.turns.tail(chat);
      if (!tail) return undefined;
      const [first] = await store.turns.listAfter(chat, tail.sequence - tail.unfinished, 1);
      return first?.answerId;
    },

    followChat(chat, from, signal) {
      if (runner.isDraining) throw new ApiError('draining');
      return new ChatReader(engine, chat).follow(from, signal);
    },

    followList: (scope, from, signal) => new ListFollower(engine, scope).follow(from, signal),
    noteChange: (chat) => uses.changed(chat),
    notifyLists: (team) => engine.followers.lists.notify(team, 'changed'),

    async stopUser({ team }, user) {
      for (;;) {
        const marked = await store.turns.cancelOfUser({ team }, user, STOPPED_PAGE);
        for (const turn of marked) runner.stopTurn(turn);
        if (marked.length < STOPPED_PAGE) return;
      }
    },

    deleteChat: (scope, chat) => deleteChat(engine, scope, chat),
    deleteIdleChat: (scope, chat, sequence) => deleteIdleChat(engine, scope, chat, sequence),
    async dropChat(chat) {
      stopChat(engine, chat);
      await removeDeletedChat(engine, chat);
    },

    get isDraining() {
      return runner.isDraining;
    },
    get running() {
      return runner.queue.running;
    },
    get waiting() {
      return runner.queue.waiting;
    },
    get uncounted() {
      return quota.uncounted;
    },

    async drain(graceMs, force) {
      await runner.drain(graceMs, force);
      stop.abort();
      await Promise.all(background);
    },
  };
}

function toSent(message: NewMessage): SentMessage {
  const { content, files, onBusy = 'enqueue', idempotency, requestedBy = {}, replaces, after } = message;
  return { ...mintTurn(), content, files, onBusy, idempotency, requestedBy, replaces, after };
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
