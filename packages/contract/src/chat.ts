import { z } from 'zod';
import { flagSchema } from './flag.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { messageSchema } from './message.ts';
import { metadataSchema, storedMetadataSchema } from './metadata.ts';
import { cursorSchema, nextCursorSchema, pageLimitSchema } from './page.ts';
import { textSchema } from './text.ts';
import { momentSchema } from './time.ts';

/** Whose chat it is, in the integrator's own words: any string, kept as a string (`"00123"` stays that). */
export const userIdSchema = textSchema({ min: 1, max: limits.userIdLengthMax }).meta({
  description: "The integrator's own id of the person who chats.",
  examples: ['user_42'],
});

export const agentTypeSchema = textSchema({ min: 1, max: limits.agentTypeLengthMax }).meta({
  description: "The agent's type, a label to filter chats by.",
  examples: ['support'],
});

export const titleSchema = textSchema({ min: 1, max: limits.titleLengthMax })
  .refine((text) => text.trim() !== '', 'must not be blank')
  .meta({ description: 'A short name of the chat.', examples: ['The capital of France'] });

export const createChatInputSchema = z.strictObject({
  agentId: idInputSchema('agent'),
  userId: userIdSchema.optional(),
  metadata: metadataSchema.optional(),
});

export const listChatsInputSchema = z.strictObject({
  userId: userIdSchema.optional(),
  agentType: agentTypeSchema.optional(),
  search: textSchema({ min: 1, max: limits.searchLengthMax })
    .optional()
    .meta({
      description:
        'Only chats whose title has all these words, or words that begin so; case and accents do not matter. ' +
        'Of a title the first 8 words are searched, of a word the first 8 characters.',
      examples: ['capital fra'],
    }),
  limit: pageLimitSchema.optional(),
  cursor: cursorSchema.optional(),
});

/** Names one chat. */
export const oneChatInputSchema = z.strictObject({ chatId: idInputSchema('chat') });

export const getChatInputSchema = oneChatInputSchema.extend({
  withMessages: flagSchema.optional().meta({
    description:
      '`false`: `messages` stays empty. A chat may hold 10,000; `GET /chat/{chatId}/message` pages.',
  }),
});

/** A field that is left out stays as it is. */
export const updateChatInputSchema = oneChatInputSchema.extend({
  title: titleSchema.optional(),
  metadata: metadataSchema.optional().meta({ description: 'Replaces all of it.' }),
});

/** What every answer tells of a chat. */
const chatFields = {
  id: idSchema('chat'),
  agentId: idSchema('agent'),
  teamId: idSchema('team'),
  userId: z.string().optional().meta({ description: 'As it was sent.' }),
  metadata: storedMetadataSchema.optional(),
  title: z
    .string()
    .optional()
    .meta({ description: "The opening words of the chat's first message, until it is given another." }),
  createdAt: momentSchema,
};

export const chatSchema = z
  .object(chatFields)
  .meta({ id: 'Chat', description: 'A chat session with an agent.' });

export const chatListSchema = z
  .object({ chats: z.array(chatSchema), nextCursor: nextCursorSchema.optional() })
  .meta({ id: 'ChatList', description: 'Chats, newest first.' });

export const chatWithMessagesSchema = z
  .object({ ...chatFields, messages: z.array(messageSchema) })
  .meta({ id: 'ChatWithMessages', description: 'A chat session with all its messages, oldest first.' });

export type CreateChatInput = z.infer<typeof createChatInputSchema>;
export type UpdateChatInput = z.infer<typeof updateChatInputSchema>;
export type ListChatsInput = z.infer<typeof listChatsInputSchema>;
export type Chat = z.infer<typeof chatSchema>;
export type ChatList = z.infer<typeof chatListSchema>;
export type ChatWithMessages = z.infer<typeof chatWithMessagesSchema>;
