import { trpc, useChats, useMessages } from '@parley/client/react';

// This file is compiled and never shown: a wrong name does not compile.
export function WrongNames() {
  // @ts-expect-error: it is `userId`
  useChats({ user: 'user_42' });
  // @ts-expect-error: it is `userId` here, too
  trpc.chat.list.useQuery({ user: 'user_42' });
  const { entries } = useMessages('chat_1');
  const [first] = entries;
  // @ts-expect-error: a message of a person has no status
  if (first?.kind === 'user') return first.status;
  return first?.status;
}
