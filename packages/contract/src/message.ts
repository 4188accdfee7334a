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

const waitSchema = z.boolean().meta({
  description:
    '`false`: answer as soon as the message is accepted, with `status` `queued` or `generating` and no ' +
    'text yet. Otherwise the request waits for the answer.',
});

export const createMessageInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  content: messageContentSchema,
  role: z.literal('user').meta({ description: 'Only people send messages: always `user`.' }),
  onBusy: z
    .enum(['enqueue', 'reject', 'interrupt'])
    .optional()
    .meta({
      description:
        'What to do while the chat is still answering: `enqueue`, wait in order (at most 8 do), unless said ' +
        'otherwise; `reject`, 409 `chat_busy`; `interrupt`, stop what is running or waiting and go first.',
    }),
  wait: waitSchema.optional(),
});

/** Names one answer. */
export const oneAnswerInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  messageId: idInputSchema('message'),
});

export const retryMessageInputSchema = oneAnswerInputSchema.extend({ wait: waitSchema.optional() });

export const listMessagesInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  limit: pageLimitSchema.optional(),
  cursor: cursorSchema.optional(),
  order: z.enum(['asc', 'desc']).optional().meta({
    description: '`asc`, oldest first, unless said otherwise; `desc` pages from the newest.',
  }),
});

const messageStatusSchema = z.enum(['queued', 'generating', 'completed', 'stopped', 'failed']).meta({
  id: 'MessageStatus',
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
    answerId: idSchema('message')
      .optional()
      .meta({
        description:
          "With a user's message that has no answer in the list: the id its answer has or will have, to follow, " +
          'cancel or retry it.',
      }),
    createdAt: momentSchema,
  })
  .meta({ id: 'Message', description: 'A message of a chat.' });

export const messageListSchema = z
  .object({ messages: z.array(messageSchema), nextCursor: nextCursorSchema.optional() })
  .meta({ id: 'MessageList', description: 'Messages of a chat, oldest first unless asked otherwise.' });

const answerFields = {
  id: idSchema('message'),
  chatId: idSchema('chat'),
  content: z.string(),
  role: z.literal('assistant'),
  userMessageId: idSchema('message'),
  createdAt: momentSchema,
};

/** The agent's answer to a message that was sent. */
export const answerSchema = z
  .object({
    ...answerFields,
    status: z.enum(['completed', 'stopped', 'queued', 'generating']).meta({
      description:
        '`completed`, or `stopped` with what had been written by then. `queued` and `generating` only when ' +
        'the request did not wait (`wait: false`).',
    }),
  })
  .meta({ id: 'Answer', description: "The agent's answer." });

/** An answer as it stands, however it stands. */
export const answerStateSchema = z
  .object({ ...answerFields, status: messageStatusSchema, errorCode: errorCodeSchema.optional() })
  .meta({ id: 'AnswerState', description: 'An answer as it stands, with what was written of it.' });

export type CreateMessageInput = z.infer<typeof createMessageInputSchema>;
export type ListMessagesInput = z.infer<typeof listMessagesInputSchema>;
export type Message = z.infer<typeof messageSchema>;
export type MessageList = z.infer<typeof messageListSchema>;
export type MessageStatus = z.infer<typeof messageStatusSchema>;
export type OnBusy = NonNullable<CreateMessageInput['onBusy']>;
export type Answer = z.infer<typeof answerSchema>;
export type AnswerState = z.infer<typeof answerStateSchema>;
