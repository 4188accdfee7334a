import { z } from 'zod';
import { errorCodeSchema } from './error-codes.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { messageSchema } from './message.ts';
import { momentSchema } from './time.ts';

/** The id of the last event a reader got. One that nobody made is answered with a snapshot, not refused. */
export const lastEventIdSchema = z
  .string()
  .max(limits.cursorLengthMax)
  .meta({ description: 'The id of the last event that was received: the stream goes on after it.' });

export const followAnswerInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  messageId: idInputSchema('message'),
  lastEventId: lastEventIdSchema.optional(),
});

export const followChatInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  lastEventId: lastEventIdSchema.optional(),
});

const endedStatusSchema = z.enum(['completed', 'stopped', 'failed']);

/** What a reader of one answer is told, in this order; `snapshot` replaces all text that was shown before. */
export const answerEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('start'),
    messageId: idSchema('message'),
    userMessageId: idSchema('message'),
  }),
  z.object({ type: z.literal('text-start') }),
  z.object({ type: z.literal('text-delta'), text: z.string() }),
  z.object({ type: z.literal('text-end') }),
  z.object({ type: z.literal('snapshot'), text: z.string() }),
  z.object({
    type: z.literal('end'),
    status: endedStatusSchema,
    errorCode: errorCodeSchema.optional(),
    createdAt: momentSchema.optional(),
  }),
]);

/** What a follower of a chat is told. */
export const chatEventSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('chat-followed') }).meta({ id: 'ChatFollowed' }),
    z
      .object({
        type: z.literal('message-accepted'),
        /** Absent for a retry, which answers a message that is there already. */
        message: messageSchema.optional(),
        userMessageId: idSchema('message'),
        answerId: idSchema('message'),
      })
      .meta({ id: 'MessageAccepted' }),
    z
      .object({ type: z.literal('answer-started'), messageId: idSchema('message') })
      .meta({ id: 'AnswerStarted' }),
    z
      .object({ type: z.literal('answer-delta'), messageId: idSchema('message'), text: z.string() })
      .meta({ id: 'AnswerDelta' }),
    z
      .object({ type: z.literal('answer-snapshot'), messageId: idSchema('message'), text: z.string() })
      .meta({ id: 'AnswerSnapshot' }),
    z
      .object({
        type: z.literal('answer-ended'),
        messageId: idSchema('message'),
        status: endedStatusSchema,
        errorCode: errorCodeSchema.optional(),
        createdAt: momentSchema.optional(),
      })
      .meta({ id: 'AnswerEnded' }),
    z
      .object({ type: z.literal('chat-snapshot'), messages: z.array(messageSchema) })
      .meta({ id: 'ChatSnapshot' }),
    z.object({ type: z.literal('chat-deleted') }).meta({ id: 'ChatDeleted' }),
  ])
  .meta({
    id: 'ChatEvent',
    description:
      'What happens in a chat. `chat-followed` comes first: what happened before it stands in the list of ' +
      'messages, what happens after it is told. A message was accepted; its answer started, grew (`answer-delta`), was begun ' +
      'anew (`answer-snapshot` replaces what was shown) or ended; the chat was deleted. `chat-snapshot` holds ' +
      "the chat's newest messages, for a reader too far behind to be told each event.",
  });

/** Why the server ended a stream before its time; over REST alone, since tRPC has its own form of errors. */
export const streamErrorSchema = z
  .object({
    type: z.literal('error'),
    code: errorCodeSchema,
    message: z.string(),
    retryAfterSeconds: z.int().optional(),
  })
  .meta({
    id: 'StreamError',
    description:
      'The last event of a stream that the server ends before its time. It has no id: open the stream again after the ' +
      'last event that had one, with a new token or key where `code` asks for one.',
  });

export type StreamError = z.infer<typeof streamErrorSchema>;
export type AnswerEvent = z.infer<typeof answerEventSchema>;
export type ChatEvent = z.infer<typeof chatEventSchema>;
