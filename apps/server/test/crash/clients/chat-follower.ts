import { setTimeout as delay } from 'node:timers/promises';
import type { ChatEvent, StreamError } from '@parley/contract';
import type { ShownChatEvent } from '@parley/turns/testing';
import { type Client, request } from './client.ts';
import { readServerEvents } from './server-events.ts';

/** Before it connects again, as a browser has it, only sooner. */
const PAUSE_MS = 50;

/** Someone who follows a chat, now at this server and now at that, each time after the last event that came. */
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

  /** Whether they were told of the message that this answers. */
  hasAccepted(answerId: string): boolean {
    return this.events.some((event) => event.type === 'message-accepted' && event.answerId === answerId);
  }

  /** Settles when the ends of all these answers were told. */
  told(answers: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      if (this.#hasTold(answers)) resolve();
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
        const told = JSON.parse(event.data) as ChatEvent | StreamError;
        // The server ends the stream: it has no id, and the next one goes on after the last that had one.
        if (told.type === 'error') return;
        this.#lastEventId = event.id;
        this.#take(told);
      }
    });
  }

  #take(event: ChatEvent): void {
    if (event.type === 'chat-followed') return;
    this.events.push(event);
    if (event.type !== 'answer-ended') return;
    this.#ended.add(event.messageId);
    for (const { answers, resolve } of this.#waiting) if (this.#hasTold(answers)) resolve();
  }

  #hasTold(answers: readonly string[]): boolean {
    return answers.every((id) => this.#ended.has(id));
  }
}
