import { useChats } from '@parley/client/react';

// This file is wrong on purpose: the compiler has to reject it.
export function Titles() {
  const { chats } = useChats({ userID: 'user_42' });
  return chats.map((chat) => <p key={chat.id}>{chat.titel}</p>);
}
