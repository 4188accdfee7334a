import type { ChatEvent, ChatListEvent } from '@parley/contract';
import type { Unsubscribable } from '@trpc/server/observable';
import type { ChatCache } from './chat-cache.ts';
import { ChatStream, type StreamInput, type StreamObserver } from './chat-stream.ts';
import type { Credentials } from './credentials.ts';
import type { Page } from './page.ts';
import type { FollowedList, Parley } from './parley.ts';
import { toParleyError } from './parley-error.ts';
import type { Timings } from './timings.ts';

/** The dependencies of `LiveList`. */
export interface LiveListDeps {
  readonly trpc: Parley['trpc'];
  readonly credentials: Credentials;
  readonly page: Page;
  readonly timings: Timings;
  readonly cache: ChatCache;
  /** Opens the stream of an open chat again, so that it takes up the list. Returns false if no chat has one. */
  readonly reopenChat: () => boolean;
}

/**
 * Implements `FollowedList`. A page has one stream: while a chat is open, its stream also carries the list. Otherwise the list
 * has a stream of its own. Browsers allow only six connections per server.
 */
export class LiveList implements FollowedList {
  readonly #deps: LiveListDeps;
  readonly #own: ChatStream<ChatListEvent>;
  readonly #stopWatching: () => void;
  #followers = 0;
  /** The place in the list. Every stream continues after it. */
  #cursor: string | undefined;
  /** The number of streams of chats that carry the list. While one chat replaces another, there may be two. */
  #carriers = 0;
  /** A server of release 0.1.0 has no stream of the list. Its list is reloaded every minute. */
  #isUnsupported = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: LiveListDeps) {
    this.#deps = deps;
    const { trpc, credentials, page, timings } = deps;
    this.#stopWatching = page.onChange(() => {
      if (!page.isHidden()) this.#openLater(0);
    });
    this.#own = new ChatStream<ChatListEvent>({
      follow: (_, observer) => {
        const lastEventId = this.#cursor;
        return trpc.chat.followAll.subscribe(lastEventId === undefined ? {} : { lastEventId }, {
          ...observer,
          onData: ({ id, data }) => this.#received(id, data),
          onError: (error) => {
            if (!this.#noteUnsupported(error)) observer.onError(error);
          },
        });
      },
      credentials,
      page,
      timings,
      onEvent: () => undefined,
      onChange: () => undefined,
    });
  }

  follow(): () => void {
    this.#followers++;
    if (this.#followers === 1) this.#openLater(0);
    return () => {
      this.#followers--;
      if (this.#followers === 0) this.#openLater(this.#deps.timings.closeGraceMs);
    };
  }

  /** Opens the stream of a chat, which also carries the list while something follows it. */
  followChat(
    { chatId, lastEventId, ...input }: StreamInput & { readonly chatId: string },
    observer: StreamObserver<ChatEvent>,
  ): Unsubscribable {
    const { trpc } = this.#deps;
    if (this.#followers === 0 || this.#isUnsupported)
      return trpc.chat.follow.subscribe(withId({ chatId, ...input }, lastEventId), observer);
    this.#carriers++;
    let isOpen = true;
    this.#own.close();
    const subscription = trpc.chat.followAll.subscribe(
      withId({ chatId, ...input }, joined(this.#cursor, lastEventId)),
      {
        ...observer,
        onData: ({ id, data }) => {
          const at = id.indexOf('~');
          if (isOfList(data)) this.#received(at === -1 ? id : id.slice(0, at), data);
          else observer.onData({ id: id.slice(at + 1), data });
        },
        onError: (error) => {
          if (this.#noteUnsupported(error)) observer.onComplete();
          else observer.onError(error);
        },
      },
    );
    return {
      unsubscribe: () => {
        subscription.unsubscribe();
        if (!isOpen) return;
        isOpen = false;
        this.#carriers--;
        // Another connection of this chat, or of the next one, usually follows.
        this.#openLater(this.#deps.timings.closeGraceMs);
      },
    };
  }

  /** Forgets the place in the list when the user changes. */
  reset(): void {
    this.#cursor = undefined;
    this.#own.reset();
    this.#openLater(0);
  }

  close(): void {
    this.#stopWatching();
    clearTimeout(this.#timer);
    this.#own.close();
  }

  /** Returns whether an error says that the server has no stream of the list. */
  #noteUnsupported(error: unknown): boolean {
    const { code, status } = toParleyError(error);
    this.#isUnsupported = status === 404 && code !== 'chat_not_found';
    if (this.#isUnsupported) this.#openLater(0);
    return this.#isUnsupported;
  }

  #openLater(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), ms);
  }

  #open(): void {
    const isOwnNeeded = this.#followers > 0 && this.#carriers === 0 && !this.#isUnsupported;
    // A hidden page opens no stream. The stream that it has gives itself up after a while.
    if (isOwnNeeded && this.#deps.page.isHidden()) return;
    if (!isOwnNeeded) this.#own.close();
    else if (!this.#deps.reopenChat()) this.#own.open();
  }

  #received(cursor: string, event: ChatListEvent | ChatEvent): void {
    if (cursor !== '') this.#cursor = cursor;
    const { cache } = this.#deps;
    if (event.type === 'list-chat') cache.put(event.chat);
    else if (event.type === 'list-chat-removed') cache.remove(event.chatId);
    else if (event.type === 'list-followed' || event.type === 'list-changed') void cache.reload();
  }
}

function isOfList(event: ChatListEvent | ChatEvent): event is ChatListEvent {
  return event.type.startsWith('list-');
}

function withId<Input extends object>(input: Input, lastEventId: string | undefined) {
  return { ...input, ...(lastEventId !== undefined && { lastEventId }) };
}

/** The cursor of a stream that carries both. */
function joined(list: string | undefined, chat: string | undefined): string | undefined {
  if (chat === undefined) return list;
  return `${list ?? ''}~${chat}`;
}
