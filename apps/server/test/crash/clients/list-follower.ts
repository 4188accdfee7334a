import type { Chat, ChatList, ChatListEvent, StreamError } from '@parley/contract';
import { type Client, request, type ServerAddress } from './client.ts';
import { followEvents } from './follow-events.ts';

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

  constructor(client: Client) {
    this.#client = client;
    this.#stopped = followEvents(client, '/chat/events', this.#stop.signal, (data, server) => {
      const event = JSON.parse(data) as ChatListEvent | StreamError;
      return event.type !== 'error' && this.#take(event, server);
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#stopped;
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
