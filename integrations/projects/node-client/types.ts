import { type AppRouter, createParley } from '@parley/client';

// This file is compiled and never run: a wrong name does not compile.
export async function wrongNames() {
  const { trpc } = createParley({ apiKey: 'pk_live_…' });
  const chat = await trpc.chat.get.query({ chatId: 'chat_1' });
  chat.createdAt satisfies string;
  chat.title satisfies string | undefined;
  // @ts-expect-error: it is `chatId`
  await trpc.chat.get.query({ chatID: 'chat_1' });
  // @ts-expect-error: a chat has a `title`
  chat.name;
  // @ts-expect-error: only people send messages
  await trpc.message.create.mutate({ chatId: 'chat_1', content: 'hi', role: 'assistant' });
  // @ts-expect-error: there is no such procedure
  await trpc.chat.remove.mutate({ chatId: 'chat_1' });
}

type Procedures = keyof AppRouter['_def']['record'];
'chat' satisfies Procedures;
// @ts-expect-error: there is no such noun
'room' satisfies Procedures;
