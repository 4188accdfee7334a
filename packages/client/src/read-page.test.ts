import type { Message } from '@parley/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPage } from './read-page.ts';

/** Answers like `message.list` with `order: 'desc'`, for messages with and without an answer. */
function listOf(areAnswered: readonly boolean[]) {
  const roles = areAnswered.flatMap((isAnswered) => (isAnswered ? ['user', 'assistant'] : ['user']));
  const all = roles.map((role, index) => ({ id: `msg_${index}`, role }) as Message).reverse();
  const list = async ({ limit, cursor = '0' }: { limit: number; cursor?: string }) => {
    const end = Number(cursor) + limit;
    return { messages: all.slice(Number(cursor), end), ...(end < all.length && { nextCursor: String(end) }) };
  };
  return { all, list };
}

test('pages contain every message once, and every page ends with a user message', async () => {
  const chats = fc.array(fc.boolean(), { minLength: 0, maxLength: 120, size: 'max' });
  await fc.assert(
    fc.asyncProperty(chats, async (areAnswered) => {
      const { all, list } = listOf(areAnswered);
      const read: Message[] = [];
      let cursor: string | undefined;
      do {
        const page = await readPage(list, 'chat_1', cursor, new AbortController().signal);
        expect(page.messages.at(-1)?.role ?? 'user').toBe('user');
        read.push(...page.messages);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(read).toEqual(all);
    }),
  );
});
