import type { MessageList } from '@parley/contract';

/** How many messages a page has; one more where it would begin with an answer without its message. */
const PAGE_MESSAGES = 50;

export type ListMessages = (
  input: {
    readonly chatId: string;
    readonly limit: number;
    readonly order: 'desc';
    readonly cursor?: string;
  },
  options: { readonly signal: AbortSignal },
) => Promise<MessageList>;

/** Reads a page, newest first, that ends with a user's message: no answer comes without what it answers. */
export async function readPage(
  list: ListMessages,
  chatId: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<MessageList> {
  const read = (limit: number, from: string | undefined) =>
    list({ chatId, limit, order: 'desc', ...(from !== undefined && { cursor: from }) }, { signal });
  const page = await read(PAGE_MESSAGES, cursor);
  if (page.nextCursor === undefined || page.messages.at(-1)?.role !== 'assistant') return page;
  const { messages, nextCursor } = await read(1, page.nextCursor);
  return { messages: [...page.messages, ...messages], ...(nextCursor !== undefined && { nextCursor }) };
}
