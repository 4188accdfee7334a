import { chatWithMessagesSchema, getChatInputSchema, limits } from '@parley/contract';
import { toMessage } from '../message/to-message.ts';
import { procedure } from '../procedures.ts';
import { findChat } from './find-chat.ts';
import { toChat } from './to-chat.ts';

export const getChat = procedure
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
  .input(getChatInputSchema)
  .output(chatWithMessagesSchema)
  .query(async ({ ctx: { stores, scope }, input: { chatId, withMessages = true } }) => {
    const chat = await findChat(stores.chats, scope, chatId);
    if (!withMessages) return { ...toChat(chat), messages: [] };
    const { items } = await stores.messages.list(scope, chat.id, {
      limit: limits.chatMessagesMax,
      order: 'asc',
    });
    return { ...toChat(chat), messages: items.map(toMessage) };
  });
