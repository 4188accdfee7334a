import { expectTypeOf, test } from 'vitest';
import type { Parley, ParleyError } from '../src/index.ts';
import type { trpc, useMessages } from '../src/react/index.ts';

/*
 * These functions are compiled and never called: a wrong name must not compile.
 */

test('a wrong field name does not compile', () => {
  const calls = async (parley: Parley, hooks: typeof trpc) => {
    const chat = await parley.trpc.chat.get.query({ chatId: 'chat_1' });
    expectTypeOf(chat.createdAt).toEqualTypeOf<string>();
    // @ts-expect-error: the field is `chatId`
    await parley.trpc.chat.get.query({ chatID: 'chat_1' });
    // @ts-expect-error: a chat has a `title`
    chat.name;
    // @ts-expect-error: only users send messages
    await parley.trpc.message.create.mutate({ chatId: 'chat_1', content: 'hi', role: 'assistant' });
    // @ts-expect-error: the procedure does not exist
    await parley.trpc.chat.remove.mutate({ chatId: 'chat_1' });
    // @ts-expect-error: the field is `userId`
    hooks.chat.list.useQuery({ user: 'user_1' });
  };
  expectTypeOf(calls).toBeFunction();
});

test('a ParleyError has one of the registered codes', () => {
  const words = ({ code }: ParleyError) => {
    if (code === 'chat_full') return 'full';
    // @ts-expect-error: the code does not exist
    return code === 'chat_is_full' ? 'never' : 'else';
  };
  expectTypeOf(words).returns.toBeString();
});

test('a transcript entry is a message or an answer', () => {
  type Entry = ReturnType<typeof useMessages>['entries'][number];
  const look = (entry: Entry) => {
    // @ts-expect-error: a user message has no status
    if (entry.kind === 'user') return entry.status;
    return entry.status;
  };
  expectTypeOf(look).toBeFunction();
});
