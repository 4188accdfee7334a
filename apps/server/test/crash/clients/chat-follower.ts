import { setTimeout as delay } from 'node:timers/promises';
import type { ChatEvent, StreamError } from '@parley/contract';
import type { ShownChatEvent } from '@parley/turns/testing';
import { type Client, request } from './client.ts';
import { readServerEvents } from './server-events.ts';

/** The pause before it reconnects, like a browser's but shorter. */
const PAUSE_MS = 50;

/** A follower of a chat that alternates between the servers, each time after its last event. */
export class ChatFollower {
  readonly chat: string;
  readonly events: ShownChatEvent[] = [];
  readonly #client: Client;
  readonly #waiting: { answers: readonly string[]; resolve: () => void }[] = [];
  readonly #ended = new Set<string>();
  readonly #stop = new AbortController();
  readonly #stopped: Promise<void>;
  #lastEventId: string | undefined;

  constructor(client: Client, chat: string) {
    this.#client = client;
    this.chat = chat;
    this.#stopped = this.#follow();
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

  async #follow(): Promise<void> {
    const { servers } = this.#client;
    for (let connections = 0; !this.#stop.signal.aborted; connections++) {
      const server = servers[connections % servers.length];
      if (server) await this.#connect(`${server.url}/chat/${this.chat}/events`);
      await delay(PAUSE_MS);
    }
  }

  async #connect(url: string): Promise<void> {
    const id = this.#lastEventId;
    const headers = id === undefined ? {} : { 'last-event-id': id };
    const { signal } = this.#stop;
    await request(this.#client, url, { method: 'GET', headers, signal }, async (response, heard) => {
      if (response.status !== 200 || !response.body) return void (await response.arrayBuffer());
      for await (const event of readServerEvents(response.body, heard)) {
        const body = JSON.parse(event.data) as ChatEvent | StreamError;
        // The server ended the stream. This event has no id, so the next stream continues after the last event with
        // one.
        if (body.type === 'error') return;
        this.#lastEventId = event.id;
        this.#take(body);
      }
    });
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
