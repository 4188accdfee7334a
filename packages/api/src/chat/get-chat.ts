import { chatWithMessagesSchema, getChatInputSchema, limits } from '@parley/contract';
import { toMessage } from '../message/to-message.ts';
import { chatProcedure } from '../procedures.ts';
import { toChat } from './to-chat.ts';

export const getChat = chatProcedure(getChatInputSchema)
  .meta({
    openapi: {
      method: 'GET',
      path: '/chat/{chatId}',
      operationId: 'getChat',
      tags: ['Chats'],
      summary: 'Get a chat',
      description: 'One chat with all its messages, oldest first.',
    },
    errors: ['chat_not_found'],
  })
  .output(chatWithMessagesSchema)
  .query(async ({ ctx: { stores, chat }, input: { withMessages = true } }) => {
    if (!withMessages) return { ...toChat(chat.chat), messages: [] };
    const { items } = await stores.messages.list(chat, {
      limit: limits.chatMessagesMax,
      order: 'asc',
    });
    return { ...toChat(chat.chat), messages: items.map(toMessage) };
  });
