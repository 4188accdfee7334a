import type { Chat, ChatList, ChatWithMessages } from '@parley/contract';
import type { InfiniteData, QueryClient, QueryKey } from '@tanstack/query-core';

type ListData = InfiniteData<ChatList> | undefined;

/** tRPC's own keys of queries; the hooks of `@trpc/react-query` have the same. */
const LIST_KEY: QueryKey = [['chat', 'list']];
const GET_KEY: QueryKey = [['chat', 'get']];

const getKeyOf = (chatId: string): QueryKey => [
  ['chat', 'get'],
  { input: { chatId, withMessages: false }, type: 'query' },
];

/** The chats that the cache of queries holds: in lists and one by one. */
export class ChatCache {
  readonly #client: QueryClient;

  constructor(client: QueryClient) {
    this.#client = client;
  }

  /** What is known of a chat, from wherever. */
  find(chatId: string): Chat | undefined {
    const own = this.#client.getQueryData<ChatWithMessages>(getKeyOf(chatId));
    if (own) return own;
    const lists = this.#client.getQueriesData<ListData>({ queryKey: LIST_KEY });
    return lists
      .flatMap(([, data]) => pagesOf(data))
      .flatMap(({ chats }) => chats)
      .find(({ id }) => id === chatId);
  }

  /** A chat that was just made stands first in the lists that it surely belongs to; the others are read again. */
  add(chat: Chat): void {
    this.#client.setQueriesData<ListData>(
      { queryKey: LIST_KEY, predicate: ({ queryKey }) => isListOf(queryKey, chat) },
      (data) => withFirstPage(data, (chats) => [chat, ...chats.filter(({ id }) => id !== chat.id)]),
    );
    this.#client.setQueryData(getKeyOf(chat.id), { ...chat, messages: [] });
    void this.#client.invalidateQueries({ queryKey: LIST_KEY });
  }

  /** Changes a chat wherever it is held. */
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

  /** Reads again what is shown, as far as it is about this chat. */
  async refresh(chatId: string): Promise<void> {
    await Promise.all([
      this.#client.invalidateQueries({ queryKey: LIST_KEY }),
      this.#client.invalidateQueries({ queryKey: getKeyOf(chatId) }),
    ]);
  }

  /** What is being read now was asked for before a change, and must not undo it. */
  async cancelReads(): Promise<void> {
    await this.#client.cancelQueries({ queryKey: LIST_KEY });
    await this.#client.cancelQueries({ queryKey: GET_KEY });
  }
}

/** An infinite list has pages; `chat.list` asked for once has not. */
function pagesOf(data: ListData): readonly ChatList[] {
  return data && Array.isArray(data.pages) ? data.pages : [];
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

/** An agent's type is not told of a chat, and a search is the server's. */
function isListOf([, detail]: QueryKey, chat: Chat): boolean {
  const { input } = detail as { input?: { userId?: string; agentType?: string; search?: string } };
  if (!input) return true;
  const isOfUser = input.userId === undefined || input.userId === chat.userId;
  return isOfUser && input.agentType === undefined && input.search === undefined;
}
