import type { Id } from '@parley/contract';
import type { ChatEventWithCursor, EngineChatEvent } from '../../src/index.ts';
import type { ShownChatEvent } from '../../src/testing/index.ts';
import type { Ledger } from './ledger.ts';
import { cutSometime, openStream, type Stream, type StreamEnd } from './stream.ts';
import type { World } from './world.ts';

type ChatCursor = ChatEventWithCursor['cursor'];

/** The state that followers of a chat must have received in the end. */
export interface ChatStatus {
  /** The sequence of the newest turn. */
  readonly newest: number;
  readonly revision: number;
  readonly isDeleted: boolean;
}

/** A cursor that no chat reaches. */
const IMPOSSIBLE: ChatCursor = { accepted: 999, sequence: 990, answer: undefined, revision: 0 };

/**
 * A follower of a chat that reconnects to any process after random cuts, until the run is over or the chat is
 * deleted.
 */
export class ChatFollower {
  readonly #world: World;
  readonly #chat: Id<'chat'>;
  readonly #name: string;
  readonly #events: ShownChatEvent[] = [];
  #stream: Stream<ChatEventWithCursor> | undefined;
  #isDeleted = false;
  #isStopped = false;
  #from: ChatCursor | undefined;

  constructor(world: World, ledger: Ledger, chat: Id<'chat'>, name: string) {
    this.#world = world;
    this.#chat = chat;
    this.#name = name;
    ledger.of(chat).chatReaders.push({ name, events: this.#events });
  }

  async follow(): Promise<void> {
    while (!this.#isDeleted && !this.#isStopped) {
      await this.#connect();
      await this.#world.wait(this.#world.random.skewed(1, 500));
    }
  }

  /** Disconnects for good. */
  stop(): void {
    this.#isStopped = true;
    this.#world.note(`${this.#name} of ${this.#chat} saw ${JSON.stringify(this.#events)}`);
    this.#stream?.cut();
  }

  /**
   * Describes the events that the follower has not received of a chat that does not change any more; undefined if
   * none.
   */
  missing({ newest, revision, isDeleted }: ChatStatus): string | undefined {
    const last = this.#stream?.events.at(-1);
    if (isDeleted) {
      const hasReceived = this.#isDeleted || last?.event.type === 'chat-deleted';
      return hasReceived ? undefined : `${this.#name} did not receive the deletion of its chat`;
    }
    const cursor = last?.cursor ?? this.#from;
    if (cursor && cursor.revision < revision)
      return `${this.#name} was left at revision ${cursor.revision} of ${revision}`;
    if (!cursor || (cursor.accepted === newest && cursor.sequence === newest + 1)) return undefined;
    const { accepted, sequence } = cursor;
    // The cursor of the last event of an answer still names its turn.
    if (accepted === newest && sequence === newest && this.#hasReceivedEnd()) return undefined;
    return `${this.#name} was left at ${accepted}.${sequence} of ${newest}`;
  }

  #hasReceivedEnd(): boolean {
    const last = this.#stream?.events.at(-1)?.event;
    const shown = last ? this.#shown(last) : this.#events.at(-1);
    return shown?.type === 'answer-ended';
  }

  async #connect(): Promise<void> {
    const world = this.#world;
    const replica = world.anyReplica();
    if (!replica) return;
    const from = this.#from;
    this.#stream = openStream<ChatEventWithCursor>(world, replica, async (turns, signal) =>
      turns.followChat(world.scope, this.#chat, from, signal),
    );
    cutSometime(world, this.#stream, 0.7);
    const end = await this.#stream.end;
    for (const { event } of this.#stream.events) {
      const shown = this.#shown(event);
      if (shown) this.#events.push(shown);
    }
    const last = this.#stream.events.at(-1);
    if (last) this.#from = last.cursor;
    if (world.isStormy && world.random.chance(0.02)) this.#from = IMPOSSIBLE;
    if (last?.event.type === 'chat-deleted') this.#isDeleted = true;
    this.#check(end);
    this.#stream = undefined;
  }

  #check(end: StreamEnd): void {
    this.#world.note(`${this.#name} comes to an end: ${typeof end === 'string' ? end : end.code}`);
    if (end === 'over' && !this.#isDeleted && !this.#isStopped)
      this.#world.offend(`${this.#name}: the stream of a living chat ended`);
  }

  #shown(event: EngineChatEvent): ShownChatEvent | undefined {
    if (event.type === 'chat-followed' || event.type === 'chat-changed') return undefined;
    if (event.type !== 'message-accepted') return event;
    const { answerId, userMessage, retryOf } = event.turn;
    return {
      type: 'message-accepted',
      answerId,
      userMessageId: userMessage?.id ?? retryOf?.userMessageId ?? '',
    };
  }
}
