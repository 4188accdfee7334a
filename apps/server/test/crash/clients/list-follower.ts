import { setTimeout as delay } from 'node:timers/promises';
import type { Chat, ChatList, ChatListEvent, StreamError } from '@parley/contract';
import { type Client, request, type ServerAddress } from './client.ts';
import { readServerEvents } from './server-events.ts';

/** The pause before it reconnects, like a browser's but shorter. */
const PAUSE_MS = 50;

/**
 * A client that shows the list of chats: it reads the list once and changes it by events. It alternates between the servers,
 * each time after its last event.
 */
export class ListFollower {
  /** The chats that it shows now. */
  readonly shown = new Map<string, Chat>();
  readonly #client: Client;
  readonly #stop = new AbortController();
  readonly #stopped: Promise<void>;
  #lastEventId: string | undefined;

  constructor(client: Client) {
    this.#client = client;
    this.#stopped = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#stopped;
  }

  async #follow(): Promise<void> {
    const { servers } = this.#client;
    for (let connections = 0; !this.#stop.signal.aborted; connections++) {
      const server = servers[connections % servers.length];
      if (server) await this.#connect(server);
      await delay(PAUSE_MS);
    }
  }

  async #connect(server: ServerAddress): Promise<void> {
    const id = this.#lastEventId;
    const headers = id === undefined ? {} : { 'last-event-id': id };
    const { signal } = this.#stop;
    const options = { method: 'GET', headers, signal } as const;
    await request(this.#client, `${server.url}/chat/events`, options, async (response, heard) => {
      if (response.status !== 200 || !response.body) return void (await response.arrayBuffer());
      for await (const event of readServerEvents(response.body, heard)) {
        const body = JSON.parse(event.data) as ChatListEvent | StreamError;
        // An event that was not taken comes again, because the next stream continues before it.
        if (body.type === 'error' || !(await this.#take(body, server))) return;
        this.#lastEventId = event.id;
      }
    });
  }

  /** False if the list could not be read. */
  async #take(event: ChatListEvent, server: ServerAddress): Promise<boolean> {
    if (event.type === 'list-chat') this.shown.set(event.chat.id, event.chat);
    else if (event.type === 'list-chat-removed') this.shown.delete(event.chatId);
    else {
      const chats = await readList(this.#client, server);
      if (!chats) return false;
      this.shown.clear();
      for (const chat of chats) this.shown.set(chat.id, chat);
    }
    return true;
  }
}

/** The chats of the team as a server lists them, the last used first; undefined if it does not respond. */
export function readList(client: Client, { url }: ServerAddress): Promise<readonly Chat[] | undefined> {
  return request(client, `${url}/chat?order=updated`, { method: 'GET' }, async (response) => {
    if (response.ok) return ((await response.json()) as ChatList).chats;
    await response.arrayBuffer();
    return undefined;
  });
}
