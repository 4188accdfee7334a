import type { ChatCursor, Id } from '@parley/contract';
import type { Scope } from '@parley/db';
import type { ChatEventWithCursor, EngineChatEvent } from '../src/index.ts';
import type { Replica } from './harness.ts';

/** A client that follows a chat without delay and reduces its events to the messages it shows. */
export class ChatFollower {
  readonly events: ChatEventWithCursor[] = [];
  /** The shown texts of answers by their ids. */
  readonly texts = new Map<Id<'message'>, string>();
  /** Resolves at the end of the stream, with the error that ended it or undefined. */
  readonly done: Promise<unknown>;
  readonly #abort = new AbortController();

  constructor(
    replica: Replica,
    scope: Scope,
    chat: Id<'chat'>,
    options: { from?: ChatCursor | null | undefined; limit?: number } = {},
  ) {
    this.done = this.#follow(replica, scope, chat, options).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  /** The received events in short form: their types, and the texts of messages. */
  get received(): string[] {
    return this.events.map(({ event }) => nameOf(event));
  }

  get cursor(): ChatCursor | undefined {
    return this.events.at(-1)?.cursor;
  }

  text(answerId: Id<'message'>): string | undefined {
    return this.texts.get(answerId);
  }

  /** Disconnects. Resolves when no further event can arrive. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.done;
  }

  async #follow(
    replica: Replica,
    scope: Scope,
    chat: Id<'chat'>,
    { from, limit = Number.POSITIVE_INFINITY }: { from?: ChatCursor | null | undefined; limit?: number },
  ): Promise<void> {
    for await (const placed of replica.turns.followChat(scope, chat, from, this.#abort.signal)) {
      this.events.push(placed);
      fold(this.texts, placed.event);
      if (this.events.length >= limit) return;
    }
  }
}

/** Applies one event to the shown texts of answers. */
export function fold(texts: Map<Id<'message'>, string>, event: EngineChatEvent): void {
  if (event.type === 'answer-snapshot') texts.set(event.messageId, event.text);
  if (event.type === 'answer-delta')
    texts.set(event.messageId, (texts.get(event.messageId) ?? '') + event.text);
}

const SHORT_NAMES: Readonly<Record<Exclude<EngineChatEvent['type'], 'message-accepted'>, string>> = {
  'chat-followed': 'followed',
  'chat-snapshot': 'snapshot',
  'chat-changed': 'changed',
  'chat-deleted': 'deleted',
  'answer-started': 'start',
  'answer-part': 'part',
  'answer-delta': 'delta',
  'answer-snapshot': 'snapshot',
  'answer-ended': 'end',
};

function nameOf(event: EngineChatEvent): string {
  if (event.type === 'message-accepted') return `accepted ${event.turn.userMessage?.content ?? 'a retry'}`;
  return SHORT_NAMES[event.type];
}
