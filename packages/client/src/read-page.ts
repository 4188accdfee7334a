import type { MessageList } from '@parley/contract';

/** Messages of a page. A page has one more if it would otherwise start with an answer without its message. */
export const PAGE_MESSAGES = 50;

/** Reads a page of messages, like `parley.trpc.message.list.query`. */
export type ListMessages = (
  input: {
    readonly chatId: string;
    readonly limit: number;
    readonly order: 'desc';
    readonly cursor?: string;
  },
  options: { readonly signal: AbortSignal },
) => Promise<MessageList>;

/**
 * Reads a page of messages, newest first. Its last entry is always a user message, so no answer is separated
 * from its message.
 */
export async function readPage(
  list: ListMessages,
  chatId: string,
  cursor: string | undefined,
  signal: AbortSignal,
  size = PAGE_MESSAGES,
): Promise<MessageList> {
  const read = (limit: number, from: string | undefined) =>
    list({ chatId, limit, order: 'desc', ...(from !== undefined && { cursor: from }) }, { signal });
  const page = await read(size, cursor);
  if (page.nextCursor === undefined || page.messages.at(-1)?.role !== 'assistant') return page;
  const { messages, nextCursor } = await read(1, page.nextCursor);
  return { messages: [...page.messages, ...messages], ...(nextCursor !== undefined && { nextCursor }) };
}
