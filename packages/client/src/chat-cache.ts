import type { Chat, ChatList, ChatWithMessages } from '@parley/contract';
import type { InfiniteData, Query, QueryClient, QueryKey } from '@tanstack/query-core';

type ListData = InfiniteData<ChatList> | undefined;

/** The query keys of `@trpc/react-query`. */
const LIST_KEY: QueryKey = [['chat', 'list']];
const GET_KEY: QueryKey = [['chat', 'get']];

const getKeyOf = (chatId: string): QueryKey => [
  ['chat', 'get'],
  { input: { chatId, withMessages: false }, type: 'query' },
];

/** The key of the mutations that change a chat. */
export const updateKeyOf = (chatId: string): QueryKey => ['parley', 'chat.update', chatId];

/** The chats in the query cache: in lists and single ones. */
export class ChatCache {
  readonly #client: QueryClient;

  constructor(client: QueryClient) {
    this.#client = client;
  }

  /** Returns a cached chat, from its own query or from a list. */
  find(chatId: string): Chat | undefined {
    const own = this.#client.getQueryData<ChatWithMessages>(getKeyOf(chatId));
    if (own) return own;
    const lists = this.#client.getQueriesData<ListData>({ queryKey: LIST_KEY });
    return lists
      .flatMap(([, data]) => pagesOf(data))
      .flatMap(({ chats }) => chats)
      .find(({ id }) => id === chatId);
  }

  /** Adds a new chat to the top of the lists that it certainly matches, and reloads the other lists. */
  add(chat: Chat): void {
    this.#client.setQueriesData<ListData>(
      { queryKey: LIST_KEY, predicate: ({ queryKey }) => isListOf(queryKey, chat) },
      (data) => withFirstPage(data, (chats) => [chat, ...chats.filter(({ id }) => id !== chat.id)]),
    );
    this.#client.setQueryData(getKeyOf(chat.id), { ...chat, messages: [] });
    // A list that is being read may come without the new chat, so it is read again.
    void this.#client.invalidateQueries({
      queryKey: LIST_KEY,
      predicate: (query) =>
        query.state.fetchStatus !== 'idle' || !isPaged(query) || !isListOf(query.queryKey, chat),
    });
  }

  /**
   * Puts the present state of a chat into all cached queries, at its place in lists that certainly contain it. A change by
   * this client that the server has not confirmed stays, and so does a newer state.
   */
  put(chat: Chat): void {
    const known = this.find(chat.id);
    const isChanging = this.#client.isMutating({ mutationKey: updateKeyOf(chat.id) }) > 0;
    if (isChanging || (known && known.updatedAt > chat.updatedAt)) return;
    for (const [key, data] of this.#client.getQueriesData<ListData>({ queryKey: LIST_KEY }))
      this.#client.setQueryData<ListData>(key, withPlaced(key, data, chat));
    this.#client.setQueryData<ChatWithMessages>(
      getKeyOf(chat.id),
      (own) => own && { ...chat, messages: own.messages },
    );
    // A list that is being read may come with an older state.
    const reads = this.#runningReads();
    if (reads.length > 0) void Promise.allSettled(reads).then(() => this.put(chat));
  }

  /** Reloads the visible lists, after the pages that are being read. */
  async reload(): Promise<void> {
    for (let reads = this.#runningReads(); reads.length > 0; reads = this.#runningReads())
      await Promise.allSettled(reads);
    await this.#client.invalidateQueries({ queryKey: LIST_KEY });
  }

  #runningReads(): Promise<unknown>[] {
    const queries = this.#client.getQueryCache().findAll({ queryKey: LIST_KEY, fetchStatus: 'fetching' });
    return queries.flatMap(({ promise }) => (promise ? [promise] : []));
  }

  /** Changes a chat in all cached queries. */
  change(chatId: string, change: (chat: Chat) => Chat): void {
    this.#client.setQueriesData<ListData>({ queryKey: LIST_KEY }, (data) =>
      withChats(data, (chats) => chats.map((chat) => (chat.id === chatId ? change(chat) : chat))),
    );
    this.#client.setQueryData<ChatWithMessages>(
      getKeyOf(chatId),
      (chat) => chat && { ...change(chat), messages: chat.messages },
    );
  }

  remove(chatId: string): void {
    this.#client.setQueriesData<ListData>({ queryKey: LIST_KEY }, (data) =>
      withChats(data, (chats) => chats.filter(({ id }) => id !== chatId)),
    );
    this.#client.removeQueries({ queryKey: getKeyOf(chatId) });
  }

  /**
   * Reads the title that the server has given a chat. A visible chat is read alone, and its title is written into the lists
   * that certainly contain it.
   */
  async readTitle(chatId: string): Promise<void> {
    const queryKey = getKeyOf(chatId);
    if (!this.#client.getQueryCache().find({ queryKey })?.isActive()) return this.refresh(chatId);
    await this.#client.invalidateQueries({ queryKey });
    const chat = this.#client.getQueryData<ChatWithMessages>(queryKey);
    if (!chat) return;
    const { messages: _, ...listed } = chat;
    this.change(chatId, () => listed);
    const predicate = ({ queryKey: key }: Query) => !isListOf(key, listed);
    await this.#client.invalidateQueries({ queryKey: LIST_KEY, predicate });
  }

  /** Reloads the visible queries that contain this chat. */
  async refresh(chatId: string): Promise<void> {
    await Promise.all([
      this.#client.invalidateQueries({ queryKey: LIST_KEY }),
      this.#client.invalidateQueries({ queryKey: getKeyOf(chatId) }),
    ]);
  }

  /** Cancels running queries: their results are older than the change that follows. */
  async cancelReads(): Promise<void> {
    await this.#client.cancelQueries({ queryKey: LIST_KEY });
    await this.#client.cancelQueries({ queryKey: GET_KEY });
  }
}

/** An infinite query has pages; a plain `chat.list` query does not. */
function pagesOf(data: ListData): readonly ChatList[] {
  return data && Array.isArray(data.pages) ? data.pages : [];
}

function isPaged({ state }: Query): boolean {
  return pagesOf(state.data as ListData).length > 0;
}

function withChats(data: ListData, change: (chats: Chat[]) => Chat[]): ListData {
  if (!data || !Array.isArray(data.pages)) return data;
  return { ...data, pages: data.pages.map((page) => ({ ...page, chats: change(page.chats) })) };
}

function withFirstPage(data: ListData, change: (chats: Chat[]) => Chat[]): ListData {
  const [first] = pagesOf(data);
  if (!data || !first) return data;
  return { ...data, pages: [{ ...first, chats: change(first.chats) }, ...data.pages.slice(1)] };
}

/**
 * Checks whether a list certainly contains the chat. The client does not know the agent's type of a chat and
 * cannot run a search, so lists with these filters are only reloaded.
 */
function isListOf([, detail]: QueryKey, chat: Chat): boolean {
  const { input } = detail as { input?: { userId?: string; agentType?: string; search?: string } };
  if (!input) return true;
  const isUserTokenError = input.userId === undefined || input.userId === chat.userId;
  return isUserTokenError && input.agentType === undefined && input.search === undefined;
}

/** A list with the present state of a chat. It stays as it is if the chat is on a page that is not loaded. */
function withPlaced(key: QueryKey, data: ListData, chat: Chat): ListData {
  const isKnown = pagesOf(data).some(({ chats }) => chats.some(({ id }) => id === chat.id));
  if (!data || !Array.isArray(data.pages) || (!isKnown && !isListOf(key, chat))) return data;
  const { input } = (key[1] ?? {}) as { input?: { order?: string; search?: string } };
  if (input?.search !== undefined)
    return withChats(data, (chats) => chats.map((known) => (known.id === chat.id ? chat : known)));
  const timeOf = (one: Chat) => (input?.order === 'updated' ? one.updatedAt : one.createdAt);
  const isBefore = (known: Chat) =>
    timeOf(chat) > timeOf(known) || (timeOf(chat) === timeOf(known) && chat.id > known.id);
  let isPlaced = false;
  const pages = data.pages.map(({ chats, ...page }, place) => {
    const others = chats.filter(({ id }) => id !== chat.id);
    // Uses only move a chat forward, so a known one is not on a page that is not loaded.
    const isLast = place === data.pages.length - 1 && (isKnown || page.nextCursor === undefined);
    const index = isPlaced ? -1 : others.findIndex(isBefore);
    if (isPlaced || (index === -1 && !isLast)) return { ...page, chats: others };
    isPlaced = true;
    return { ...page, chats: others.toSpliced(index === -1 ? others.length : index, 0, chat) };
  });
  return { ...data, pages };
}
