import { z } from 'zod';
import { errorCodeSchema } from './error-codes.ts';
import { feedbackSchema } from './feedback.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { messagePartSchema } from './message-part.ts';
import { cursorSchema, nextCursorSchema, pageLimitSchema } from './page.ts';
import { textSchema } from './text.ts';
import { timestampSchema } from './time.ts';

/** The text of a user's message: at most `limits.messageLengthMax` characters, and not empty without files. */
export const messageContentSchema = textSchema({ min: 0, max: limits.messageLengthMax }).meta({
  description: 'The text of the message. It can only be empty with `files`.',
  examples: ['What can you do for me?'],
});

const waitSchema = z.boolean().meta({
  description:
    'If `false`, the response comes as soon as the message is accepted, with `status` `queued` or `generating` and no text. ' +
    'Otherwise the request waits for the answer.',
});

const filesSchema = z
  .array(idInputSchema('file'))
  .min(1, 'must name at least one file')
  .max(limits.messageFilesMax, `must name at most ${limits.messageFilesMax} files`)
  .refine((files) => new Set(files).size === files.length, 'must name each file once')
  .meta({
    description:
      'Files of the message, which were uploaded before. Later messages of the same chat can name them again. The agent must ' +
      'accept them.',
  });

/** Input of `message.create`. The procedure also rejects an empty text without files. */
export const createMessageInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  content: messageContentSchema,
  role: z.literal('user').meta({ description: 'Always `user`: only users send messages.' }),
  files: filesSchema.optional(),
  onBusy: z
    .enum(['enqueue', 'reject', 'interrupt'])
    .optional()
    .meta({
      description:
        'What to do while the chat is still answering. `enqueue` (default): wait in order, at most 8 messages. `reject`: answer ' +
        '409 `chat_busy`. `interrupt`: stop all running and waiting turns and go first.',
    }),
  wait: waitSchema.optional(),
  replaces: idInputSchema('message')
    .optional()
    .meta({
      description:
        'The id of a user message that this one replaces. The chat shows the new version; the other one stays, with everything ' +
        'that follows it.',
    }),
  after: idInputSchema('message')
    .optional()
    .meta({
      description:
        'The id of the message that the sender saw last. The new message follows it. Without it, the message follows the last ' +
        'message that the chat shows.',
    }),
});

/** Input of the operations that take nothing but the id of an answer and its chat. */
export const oneAnswerInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  messageId: idInputSchema('message'),
});

/** Input of `message.retry`. */
export const retryMessageInputSchema = oneAnswerInputSchema.extend({
  onBusy: z
    .enum(['reject', 'interrupt'])
    .optional()
    .meta({
      description:
        'What to do while the chat is answering another message. `reject` (default): answer 409 `chat_busy`. `interrupt`: stop ' +
        'all running and waiting turns first.',
    }),
  wait: waitSchema.optional(),
});

/** Input of `message.delete`. */
export const deleteMessageInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  messageId: idInputSchema('message'),
});

/** Input of `message.list`. */
export const listMessagesInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  limit: pageLimitSchema.optional(),
  cursor: cursorSchema.optional(),
  order: z.enum(['asc', 'desc']).optional().meta({
    description: '`asc` (default): oldest first. `desc`: newest first.',
  }),
  through: idInputSchema('message').optional().meta({
    description:
      'The id of a message. The list shows the newest path through it, without choosing that path for the chat.',
  }),
});

const messageStatusSchema = z.enum(['queued', 'generating', 'completed', 'stopped', 'failed']).meta({
  id: 'MessageStatus',
  description:
    "The status of the message's turn. A user message that waits for its answer is `queued` or `generating`; if the answer " +
    'failed, it is `failed` with an `errorCode`. A stopped answer is `stopped` and keeps the text written so far.',
});

/** Why the model ended an answer. */
export const finishReasonSchema = z.enum(['stop', 'length', 'content_filter', 'tool_calls']).meta({
  id: 'FinishReason',
  description:
    'Why the model ended a completed answer. `stop`: the answer is complete. `length`: the length limit of the model or ' +
    'of this server cut it. `content_filter`: a content filter of the model ended it. `tool_calls` is reserved. Absent on ' +
    'answers that were stopped or failed, and on answers of release 0.1.0.',
});

const partsSchema = z.array(messagePartSchema).meta({
  description:
    'The parts of a message, if it has more than text: tools and reasoning of an answer, files of a user. `content` is the joined ' +
    'text of its text parts.',
});

const siblingsSchema = z
  .object({
    index: z.int().nonnegative().meta({ description: 'The place of this message in `ids`, from 0.' }),
    count: z.int().min(2),
    ids: z.array(idSchema('message')),
  })
  .meta({
    id: 'Siblings',
    description:
      'The versions of a message or an answer, oldest first, this one included. Absent if it is the only one.',
  });

/** A message in a list. */
export const messageSchema = z
  .object({
    id: idSchema('message'),
    content: z.string(),
    role: z.enum(['user', 'assistant']),
    parts: partsSchema.optional(),
    status: messageStatusSchema.optional(),
    errorCode: errorCodeSchema.optional(),
    retryAt: timestampSchema.optional().meta({
      description: "When the model's server takes requests again, if it said so when the answer failed.",
    }),
    finishReason: finishReasonSchema.optional(),
    answerId: idSchema('message')
      .optional()
      .meta({
        description:
          'Set on a user message without an answer in the list: the id that its answer has or will have. Use it to follow, ' +
          'cancel or retry the answer.',
      }),
    feedback: feedbackSchema.optional().meta({
      description:
        "The caller's own feedback on an answer. Callers that act for the team share one, and do not see that of the user.",
    }),
    siblings: siblingsSchema.optional(),
    otherAnswers: z
      .array(idSchema('message'))
      .optional()
      .meta({
        description:
          'Set on a user message without an answer in the list, if earlier versions of its answer exist: their ids, oldest ' +
          'first. Use them with `through` or to choose a path.',
      }),
    createdAt: timestampSchema,
  })
  .meta({ id: 'Message', description: 'A message of a chat.' });

/** Output of `message.list`. */
export const messageListSchema = z
  .object({ messages: z.array(messageSchema), nextCursor: nextCursorSchema.optional() })
  .meta({ id: 'MessageList', description: 'Messages of a chat, oldest first unless `order` is `desc`.' });

const answerFields = {
  id: idSchema('message'),
  chatId: idSchema('chat'),
  content: z.string(),
  role: z.literal('assistant'),
  userMessageId: idSchema('message'),
  parts: partsSchema.optional(),
  finishReason: finishReasonSchema.optional(),
  createdAt: timestampSchema,
};

/**
 * Output of `message.create` and `message.retry`: the answer that was completed or stopped, or, if the
 * request did not wait, accepted.
 */
export const answerSchema = z
  .object({
    ...answerFields,
    status: z.enum(['completed', 'stopped', 'queued', 'generating']).meta({
      description:
        '`completed`, or `stopped` with the text written so far. `queued` and `generating` only occur if ' +
        'the request did not wait (`wait: false`).',
    }),
  })
  .meta({ id: 'Answer', description: "The agent's answer." });

/** An answer in any status, with the text written so far. */
export const answerStateSchema = z
  .object({ ...answerFields, status: messageStatusSchema, errorCode: errorCodeSchema.optional() })
  .meta({ id: 'AnswerState', description: 'An answer in its current status, with the text written so far.' });

/** Input of `message.create`. */
export type CreateMessageInput = z.infer<typeof createMessageInputSchema>;
/** Input of `message.list`. */
export type ListMessagesInput = z.infer<typeof listMessagesInputSchema>;
/** A message in a list. */
export type Message = z.infer<typeof messageSchema>;
/** A page of messages. */
export type MessageList = z.infer<typeof messageListSchema>;
/** Why the model ended an answer. */
export type FinishReason = z.infer<typeof finishReasonSchema>;
/** The status of a message's turn. */
export type MessageStatus = z.infer<typeof messageStatusSchema>;
/** The behavior of a new message while its chat is still answering. */
export type OnBusy = NonNullable<CreateMessageInput['onBusy']>;
/** The answer to a message that was sent. */
export type Answer = z.infer<typeof answerSchema>;
/** An answer in any status. */
export type AnswerState = z.infer<typeof answerStateSchema>;
