import { z } from 'zod';
import { flagSchema } from './flag.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { messageSchema } from './message.ts';
import { metadataSchema, storedMetadataSchema } from './metadata.ts';
import { cursorSchema, nextCursorSchema, pageLimitSchema } from './page.ts';
import { textSchema } from './text.ts';
import { timestampSchema } from './time.ts';

/** The integrator's own id of the chat's user. It stays exactly as sent: `"00123"` keeps its zeros. */
export const userIdSchema = textSchema({ min: 1, max: limits.userIdLengthMax }).meta({
  description: "The integrator's own id of the user.",
  examples: ['user_42'],
});

/** The type of an agent: a label that chats can be filtered by. */
export const agentTypeSchema = textSchema({ min: 1, max: limits.agentTypeLengthMax }).meta({
  description: "The agent's type: a label to filter chats by.",
  examples: ['support'],
});

/** The title of a chat: at most `limits.titleLengthMax` characters, not blank. */
export const titleSchema = textSchema({ min: 1, max: limits.titleLengthMax })
  .refine((text) => text.trim() !== '', 'must not be blank')
  .meta({ description: 'A short name of the chat.', examples: ['The capital of France'] });

/** Input of `chat.create`. */
export const createChatInputSchema = z.strictObject({
  agentId: idInputSchema('agent'),
  userId: userIdSchema.optional(),
  metadata: metadataSchema.optional(),
});

/** Input of `chat.list`. */
export const listChatsInputSchema = z
  .strictObject({
    userId: userIdSchema.optional(),
    agentType: agentTypeSchema.optional(),
    search: textSchema({ min: 1, max: limits.searchLengthMax })
      .optional()
      .meta({
        description:
          'Returns only chats whose title contains all these words, each as a whole word or as the start of one. Case and accents ' +
          'are ignored. The search covers the first 8 words of a title and the first 8 characters of a word.',
        examples: ['capital fra'],
      }),
    order: z
      .enum(['created', 'updated'])
      .optional()
      .meta({
        description:
          '`created` (default): the newest chats first. `updated`: the last used chats first; it cannot be combined with ' +
          '`search`.',
      }),
    limit: pageLimitSchema.optional(),
    cursor: cursorSchema.optional(),
  })
  .refine(({ order, search }) => order !== 'updated' || search === undefined, {
    path: ['order'],
    error: 'must not be `updated` together with `search`',
  });

/** Input of the operations that take nothing but a chat's id. */
export const oneChatInputSchema = z.strictObject({ chatId: idInputSchema('chat') });

/** Input of `chat.get`. */
export const getChatInputSchema = oneChatInputSchema.extend({
  withMessages: flagSchema.optional().meta({
    description:
      'If `false`, `messages` is empty. A chat can hold 10,000 messages; use `GET /chat/{chatId}/message` to page.',
  }),
});

/** Input of `chat.export`. */
export const exportChatInputSchema = oneChatInputSchema.extend({
  format: z.enum(['md', 'json']).optional().meta({
    description:
      'The format of the file: `json` (default) or `md` (Markdown). tRPC returns the same data for both.',
  }),
});

/** Input of `chat.update`. A field that is left out keeps its value. */
export const updateChatInputSchema = oneChatInputSchema.extend({
  title: titleSchema.optional(),
  metadata: metadataSchema.optional().meta({ description: 'Replaces all metadata.' }),
});

/** Input of `chat.choosePath`. */
export const choosePathInputSchema = oneChatInputSchema.extend({
  messageId: idInputSchema('message').meta({
    description: 'The id of a message or an answer: the chat shows the newest path through it.',
  }),
});

/** The fields of a chat in every response. */
const chatFields = {
  id: idSchema('chat'),
  agentId: idSchema('agent'),
  teamId: idSchema('team'),
  userId: z.string().optional().meta({ description: 'As it was sent.' }),
  metadata: storedMetadataSchema.optional(),
  title: z
    .string()
    .optional()
    .meta({ description: "The first words of the chat's first message, until a caller sets another title." }),
  createdAt: timestampSchema,
  updatedAt: timestampSchema.meta({
    description:
      'When the chat was last used: its newest message, the end of its newest answer, or a change of its title or metadata. ' +
      'Exact within two seconds.',
  }),
  isAnswering: z
    .literal(true)
    .optional()
    .meta({ description: 'Present while a message of the chat waits for its answer or is being answered.' }),
};

/** A chat without its messages. */
export const chatSchema = z.object(chatFields).meta({ id: 'Chat', description: 'A chat with an agent.' });

/** Output of `chat.list`, in the requested order. */
export const chatListSchema = z
  .object({ chats: z.array(chatSchema), nextCursor: nextCursorSchema.optional() })
  .meta({ id: 'ChatList', description: 'Chats, in the requested order.' });

/** Output of `chat.get`: a chat with its messages, oldest first. */
export const chatWithMessagesSchema = z
  .object({ ...chatFields, messages: z.array(messageSchema) })
  .meta({ id: 'ChatWithMessages', description: 'A chat with all its messages, oldest first.' });

/** Input of `chat.create`. */
export type CreateChatInput = z.infer<typeof createChatInputSchema>;
/** Input of `chat.update`. */
export type UpdateChatInput = z.infer<typeof updateChatInputSchema>;
/** Input of `chat.list`. */
export type ListChatsInput = z.infer<typeof listChatsInputSchema>;
/** A chat without its messages. */
export type Chat = z.infer<typeof chatSchema>;
/** A page of chats, in the requested order. */
export type ChatList = z.infer<typeof chatListSchema>;
/** A chat with its messages, oldest first. */
export type ChatWithMessages = z.infer<typeof chatWithMessagesSchema>;
