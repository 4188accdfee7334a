import { exportChatInputSchema, limits } from '@parley/contract';
import { readMessages } from '../message/read-messages.ts';
import { chatProcedure } from '../procedures.ts';
import { toChat } from './to-chat.ts';
import { wholeChatOutput } from './whole-chat.ts';

/** `chat.export`: returns a chat with all its messages. REST sends it as a file, in the format that the caller wants. */
export const exportChat = chatProcedure(exportChatInputSchema)
  .meta({
    openapi: {
      method: 'GET',
      path: '/chat/{chatId}/export',
      operationId: 'exportChat',
      tags: ['Chats'],
      summary: 'Export a chat',
      description:
        'Returns a chat with all messages that its list shows, as a file: JSON as from `GET /chat/{chatId}`, or Markdown for ' +
        'people.',
    },
    errors: ['chat_not_found', 'overloaded', 'too_many_lists'],
    isFile: true,
  })
  .output(wholeChatOutput)
  .query(async ({ ctx }) => {
    const { items } = await readMessages(ctx, { limit: limits.chatMessagesMax, order: 'asc' });
    return { ...toChat(ctx.chat.chat), messages: items };
  });
