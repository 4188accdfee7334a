import { ApiError, type ChatCursor, limits } from '@parley/contract';
import type { ChatAccess, ChatReach, TurnRecord } from '@parley/db';
import { toTurnIds } from '../accept/accepted-turn.ts';
import { type ChatEventWithCursor, type EngineChatEvent, toEngineChatEvent } from './chat-events.ts';
import { CHAT_POLL } from './intervals.ts';
import { alignedPause, isWithin } from './reads.ts';
import { type ReadDeps, TurnReader } from './turn-reader.ts';
import { WakeUp } from './wake-up.ts';

interface FollowDeps extends ReadDeps {
  readonly runner: { readonly isDraining: boolean };
}

/** Follows a chat: every message that is accepted, its answer as it grows, and the chat's deletion. */
export class ChatReader {
  readonly #deps: FollowDeps;
  readonly #access: ChatAccess;
  readonly #wake = new WakeUp();
  /** Turns whose messages were emitted and whose answers were not, in order. The answer of the first is being read. */
  readonly #unread: TurnRecord[] = [];
  #cursor: ChatCursor = { accepted: 0, sequence: 1, answer: undefined, revision: 0 };
  #reader: TurnReader | undefined;
  /** The chat may show a path that somebody chose. The next turn ends the choice. */
  #isChosen: boolean;
  #isChanged = true;
  #isDeleted = false;
  #isLetGo = false;
  #pollPauseMs: number = CHAT_POLL.minMs;
  #nextPollAt = 0;

  constructor(deps: FollowDeps, access: ChatAccess) {
    this.#deps = deps;
    this.#access = access;
    this.#isChosen = access.chat.choice !== undefined;
  }

  /**
   * Emits the events after `from`. Without a cursor it begins now, with `chat-followed`, and emits a running answer
   * from its start. It attaches its listener with the first event, so a stream that is closed before that leaves no
   * listener.
   *
   * @throws ApiError `draining` when this process disconnects its followers; `database_unavailable`
   */
  async *follow(
    from: ChatCursor | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ChatEventWithCursor, void, undefined> {
    if (this.#deps.runner.isDraining) throw new ApiError('draining');
    const detach = this.#attach();
    signal.addEventListener('abort', this.#wake.set);
    try {
      yield* this.#start(from);
      while (!signal.aborted) {
        if (this.#isLetGo) throw new ApiError('draining');
        const isThere = !this.#isDeleted && (yield* this.#pollForTurns());
        if (!isThere) {
          yield this.#withCursor({ type: 'chat-deleted' });
          return;
        }
        const pauseMs = yield* this.#readAnswers();
        await this.#wake.wait(this.#deps.clock, pauseMs);
      }
    } finally {
      signal.removeEventListener('abort', this.#wake.set);
      detach();
      this.#reader?.close();
    }
  }

  #attach(): () => void {
    const { followers } = this.#deps;
    return followers.chats.attach(this.#access.chat.id, (news) => {
      if (news === 'changed') this.#isChanged = true;
      if (news === 'deleted') this.#isDeleted = true;
      if (news === 'draining') this.#isLetGo = true;
      this.#wake.set();
    });
  }

  async *#start(from: ChatCursor | null | undefined): AsyncGenerator<ChatEventWithCursor> {
    const { store } = this.#deps;
    const tail = await store.turns.tail(this.#access);
    if (!tail) {
      this.#isDeleted = true;
      return;
    }
    const isTrue = from && from.accepted <= tail.sequence;
    if (isTrue && tail.sequence - from.sequence < limits.chatEventsBehindMax) {
      this.#cursor = from;
      const count = from.accepted - from.sequence + 1;
      if (count > 0) {
        this.#unread.push(...(await store.turns.listAfter(this.#access, from.sequence - 1, count)));
      }
      return;
    }
    const ended = tail.sequence - tail.unfinished;
    // A client reads the list after this event, and so at this revision or a later one.
    const { revision = 0 } = this.#access.chat;
    this.#cursor = { accepted: ended, sequence: ended + 1, answer: undefined, revision };
    yield this.#withCursor({ type: from === undefined ? 'chat-followed' : 'chat-snapshot' });
  }

  /** Emits new turns. Returns false if the chat was deleted. */
  async *#pollForTurns(): AsyncGenerator<ChatEventWithCursor, boolean> {
    const { clock, reads } = this.#deps;
    if (!this.#isChanged && clock.now() < this.#nextPollAt) return true;
    // The recent result of another follower's poll is new enough, unless a notification has arrived since.
    const maxAgeMs = this.#isChanged ? 0 : this.#pollPauseMs / 2;
    this.#isChanged = false;
    const { scope, chat } = this.#access;
    const after = this.#cursor.accepted;
    const { reach, hasGrown } = await reads.chats.read({ chat: chat.id, after }, maxAgeMs);
    if (!reach || !isWithin(scope, reach)) return false;
    const turns = hasGrown ? await reads.turnsAfter.read({ access: this.#access, after }) : [];
    const { minMs, maxMs, growth } = CHAT_POLL;
    this.#pollPauseMs = hasGrown ? minMs : Math.min(this.#pollPauseMs * growth, maxMs);
    this.#nextPollAt = clock.now() + alignedPause(clock, this.#pollPauseMs);
    yield* this.#tellChanges(reach);
    for (const turn of turns) {
      if (this.#isChosen || leavesOut(turn)) {
        this.#isChosen = false;
        yield this.#snapshot();
      }
      this.#unread.push(turn);
      this.#cursor = { ...this.#cursor, accepted: turn.sequence };
      yield this.#withCursor({ type: 'message-accepted', turn });
    }
    return true;
  }

  /** Emits the changes of the chat that are no new turns. In a chat with versions it may show another path. */
  *#tellChanges({ revision = 0, hasVersions }: ChatReach): Generator<ChatEventWithCursor> {
    if (revision <= this.#cursor.revision) return;
    if (hasVersions) {
      this.#isChosen = true;
      yield this.#snapshot();
    }
    this.#cursor = { ...this.#cursor, revision };
    yield this.#withCursor({ type: 'chat-changed' });
  }

  /** The list replaces what the follower shows. It has no text of unfinished answers, so these are emitted from their start. */
  #snapshot(): ChatEventWithCursor {
    this.#reader?.close();
    this.#reader = undefined;
    this.#cursor = { ...this.#cursor, answer: undefined };
    return this.#withCursor({ type: 'chat-snapshot' });
  }

  /** Emits the new events of the answers, one after the other. Returns the time until the next poll. */
  async *#readAnswers(): AsyncGenerator<ChatEventWithCursor, number> {
    const { clock } = this.#deps;
    const untilPoll = () => Math.max(this.#nextPollAt - clock.now(), 0);
    for (;;) {
      const [turn] = this.#unread;
      if (!turn) return untilPoll();
      this.#reader ??= this.#open(turn);
      const step = await this.#stepOrDeleted(this.#reader);
      if (!step) {
        // A turn is only removed with its chat, so the chat is read now and not from the cache.
        this.#isChanged = true;
        return 0;
      }
      for (const { event, cursor } of step.events) {
        this.#cursor = { ...this.#cursor, answer: cursor };
        const chatEvent = toEngineChatEvent(turn.answerId, event);
        if (chatEvent) yield this.#withCursor(chatEvent);
      }
      if (!step.isOver) return Math.min(step.pauseMs ?? CHAT_POLL.maxMs, untilPoll());
      this.#reader.close();
      this.#reader = undefined;
      this.#unread.shift();
      this.#cursor = { ...this.#cursor, sequence: turn.sequence + 1, answer: undefined };
    }
  }

  #open(turn: TurnRecord): TurnReader {
    const reading = {
      ...toTurnIds(turn),
      ...{ access: this.#access, from: this.#cursor.answer, emitsPosition: false },
    };
    return new TurnReader(this.#deps, reading, this.#wake);
  }

  async #stepOrDeleted(reader: TurnReader) {
    try {
      return await reader.step();
    } catch (error) {
      if (error instanceof ApiError && error.code === 'chat_not_found') return undefined;
      throw error;
    }
  }

  #withCursor(event: EngineChatEvent): ChatEventWithCursor {
    return { cursor: this.#cursor, event };
  }
}

/** Whether the path of a turn leaves out messages of the path before it. */
function leavesOut({ sequence, parent, retryOf }: TurnRecord): boolean {
  return parent !== undefined && (retryOf !== undefined || parent !== sequence - 1);
}
