import { getChatInputSchema, limits } from '@parley/contract';
import { readMessages } from '../message/read-messages.ts';
import { chatProcedure } from '../procedures.ts';
import { toChat } from './to-chat.ts';
import { wholeChatOutput } from './whole-chat.ts';

/** `chat.get`: returns a chat, with all its messages unless the caller asks for none. */
export const getChat = chatProcedure(getChatInputSchema)
  .meta({
    openapi: {
      method: 'GET',
      path: '/chat/{chatId}',
      operationId: 'getChat',
      tags: ['Chats'],
      summary: 'Get a chat',
      description: 'Returns a chat with all its messages, oldest first.',
    },
    errors: ['chat_not_found', 'overloaded', 'too_many_lists'],
  })
  .output(wholeChatOutput)
  .query(async ({ ctx, input: { withMessages = true } }) => {
    const chat = toChat(ctx.chat.chat);
    if (!withMessages) return { ...chat, messages: [] };
    const { items } = await readMessages(ctx, { limit: limits.chatMessagesMax, order: 'asc' });
    return { ...chat, messages: items };
  });
