import { expectTypeOf, test } from 'vitest';
import type { Parley, ParleyError } from '../src/index.ts';
import type { trpc, useMessages } from '../src/react/index.ts';

/*
 * What a wrong name costs: it does not compile. These functions are compiled and never called.
 */

test('a wrong field name does not compile', () => {
  const calls = async (parley: Parley, hooks: typeof trpc) => {
    const chat = await parley.trpc.chat.get.query({ chatId: 'chat_1' });
    expectTypeOf(chat.createdAt).toEqualTypeOf<string>();
    // @ts-expect-error: it is `chatId`
    await parley.trpc.chat.get.query({ chatID: 'chat_1' });
    // @ts-expect-error: a chat has a `title`
    chat.name;
    // @ts-expect-error: only people send messages
    await parley.trpc.message.create.mutate({ chatId: 'chat_1', content: 'hi', role: 'assistant' });
    // @ts-expect-error: there is no such procedure
    await parley.trpc.chat.remove.mutate({ chatId: 'chat_1' });
    // @ts-expect-error: it is `userId`
    hooks.chat.list.useQuery({ user: 'user_1' });
  };
  expectTypeOf(calls).toBeFunction();
});

test('an error has one of the registered codes', () => {
  const words = ({ code }: ParleyError) => {
    if (code === 'chat_full') return 'full';
    // @ts-expect-error: there is no such code
    return code === 'chat_is_full' ? 'never' : 'else';
  };
  expectTypeOf(words).returns.toBeString();
});

test('an entry of a transcript is a message or an answer', () => {
  type Entry = ReturnType<typeof useMessages>['entries'][number];
  const look = (entry: Entry) => {
    // @ts-expect-error: a message of a person has no status
    if (entry.kind === 'user') return entry.status;
    return entry.status;
  };
  expectTypeOf(look).toBeFunction();
});
