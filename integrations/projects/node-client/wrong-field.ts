import { createParley } from '@parley/client';

// This file is wrong on purpose: the compiler has to reject it.
const { trpc } = createParley({ apiKey: 'pk_live_…' });
const { chats } = await trpc.chat.list.query({ user: 'user_42' });
console.log(chats.map(({ titel }) => titel));
