import { parley } from './lib/parley';

// This file is wrong on purpose: the compiler has to reject it.
export async function Titles() {
  const { chats } = await parley.chat.list.query({ userID: 'user_42' });
  return chats.map((chat) => <p key={chat.id}>{chat.titel}</p>);
}
