import { z } from 'zod';
import { errorCodeSchema } from './error-codes.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { cursorSchema, nextCursorSchema, pageLimitSchema } from './page.ts';
import { textSchema } from './text.ts';
import { momentSchema } from './time.ts';

export const messageContentSchema = textSchema({ min: 1, max: limits.messageLengthMax }).meta({
  description: 'The text of the message.',
  examples: ['What can you do for me?'],
});

export const createMessageInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  content: messageContentSchema,
  role: z.literal('user').meta({ description: 'Only people send messages: always `user`.' }),
});

export const listMessagesInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  limit: pageLimitSchema.optional(),
  cursor: cursorSchema.optional(),
  order: z.enum(['asc', 'desc']).optional().meta({
    description: '`asc`, oldest first, unless said otherwise; `desc` pages from the newest.',
  }),
});

const messageStatusSchema = z.enum(['queued', 'generating', 'completed', 'stopped', 'failed']).meta({
  description:
    "How the turn of this message stands. A user's message that waits for its answer is `queued` or " +
    '`generating`; one whose answer failed is `failed`, with `errorCode`. An answer that was stopped keeps ' +
    'what had been written and is `stopped`.',
});

/** One message as a list shows it. */
export const messageSchema = z
  .object({
    id: idSchema('message'),
    content: z.string(),
    role: z.enum(['user', 'assistant']),
    status: messageStatusSchema.optional(),
    errorCode: errorCodeSchema.optional(),
    createdAt: momentSchema,
  })
  .meta({ id: 'Message', description: 'A message of a chat.' });

export const messageListSchema = z
  .object({ messages: z.array(messageSchema), nextCursor: nextCursorSchema.optional() })
  .meta({ id: 'MessageList', description: 'Messages of a chat, oldest first unless asked otherwise.' });

/** The agent's answer to a message that was sent. */
export const answerSchema = z
  .object({
    id: idSchema('message'),
    chatId: idSchema('chat'),
    content: z.string(),
    role: z.literal('assistant'),
    status: z.enum(['completed', 'stopped']),
    userMessageId: idSchema('message'),
    createdAt: momentSchema,
  })
  .meta({ id: 'Answer', description: "The agent's answer." });

export type CreateMessageInput = z.infer<typeof createMessageInputSchema>;
export type ListMessagesInput = z.infer<typeof listMessagesInputSchema>;
export type Message = z.infer<typeof messageSchema>;
export type MessageList = z.infer<typeof messageListSchema>;
export type MessageStatus = z.infer<typeof messageStatusSchema>;
export type Answer = z.infer<typeof answerSchema>;
