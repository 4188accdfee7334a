import type { ChatEvent, StreamError } from '@parley/contract';
import type { ShownChatEvent } from '@parley/turns/testing';
import type { Client } from './client.ts';
import { followEvents } from './follow-events.ts';

/** A follower of a chat that alternates between the servers, each time after its last event. */
export class ChatFollower {
  readonly chat: string;
  readonly events: ShownChatEvent[] = [];
  readonly #waiting: { answers: readonly string[]; resolve: () => void }[] = [];
  readonly #ended = new Set<string>();
  readonly #stop = new AbortController();
  readonly #stopped: Promise<void>;

  constructor(client: Client, chat: string) {
    this.chat = chat;
    this.#stopped = followEvents(client, `/chat/${chat}/events`, this.#stop.signal, (data) => {
      const event = JSON.parse(data) as ChatEvent | StreamError;
      if (event.type === 'error') return false;
      this.#take(event);
      return true;
    });
  }

  /** Whether it received the message of this answer. */
  hasAccepted(answerId: string): boolean {
    return this.events.some((event) => event.type === 'message-accepted' && event.answerId === answerId);
  }

  /** Settles when it received the ends of all these answers. */
  receivedEnds(answers: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      if (this.#hasEnds(answers)) resolve();
      else this.#waiting.push({ answers, resolve });
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#stopped;
  }

  #take(event: ChatEvent): void {
    // It does not ask for parts.
    if (event.type === 'chat-followed' || event.type === 'answer-part') return;
    if (event.type === 'chat-changed') return;
    const { type } = event;
    this.events.push(
      type === 'answer-snapshot' ? { type, messageId: event.messageId, text: event.text } : event,
    );
    if (event.type !== 'answer-ended') return;
    this.#ended.add(event.messageId);
    for (const { answers, resolve } of this.#waiting) if (this.#hasEnds(answers)) resolve();
  }

  #hasEnds(answers: readonly string[]): boolean {
    return answers.every((id) => this.#ended.has(id));
  }
}
