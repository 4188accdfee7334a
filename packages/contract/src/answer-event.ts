import { z } from 'zod';
import { chatSchema } from './chat.ts';
import { errorCodeSchema } from './error-codes.ts';
import { flagSchema } from './flag.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { finishReasonSchema, messageSchema } from './message.ts';
import { jsonSchema, messagePartSchema, sourceFields, toolMetadataSchema } from './message-part.ts';
import { timestampSchema } from './time.ts';

/**
 * The id of the last event that a reader received. An id that no stream issued is answered with a snapshot,
 * not rejected.
 */
export const lastEventIdSchema = z
  .string()
  .max(limits.cursorLengthMax)
  .meta({ description: 'The id of the last event that you received. The stream continues after it.' });

/** Input of `message.follow`: the stream of one answer. */
export const followAnswerInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  messageId: idInputSchema('message'),
  lastEventId: lastEventIdSchema.optional(),
});

/** Callers that do not ask for parts get the events of release 0.1.0: text alone. */
const withPartsSchema = flagSchema.optional();

/** Input of `chat.follow`: the stream of a chat. */
export const followChatInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  /** Adds the sources of answers, and their reasoning and tool calls as far as the agent shows them. */
  parts: withPartsSchema,
  lastEventId: lastEventIdSchema.optional(),
});

/** Input of `chat.followAll`: the stream of a list of chats. */
export const followChatsInputSchema = z.strictObject({
  /** Adds the events of this chat. */
  chatId: idInputSchema('chat').optional(),
  /** As in `chat.follow`, for the events of the chat. */
  parts: withPartsSchema,
  lastEventId: lastEventIdSchema.optional(),
});

const endedStatusSchema = z.enum(['completed', 'stopped', 'failed']);

const retryAtSchema = timestampSchema.meta({
  description: "Of a failed answer: when the model's server takes requests again, if it said so.",
});

const answerStatusSchema = z.discriminatedUnion('status', [
  z.object({
    type: z.literal('status'),
    status: z.literal('queued'),
    /** The number of messages of the chat that are answered first. 0: the answer waits for a free place. */
    position: z.int().nonnegative(),
  }),
  /** The answer has begun after it was queued, and has no text yet. */
  z.object({ type: z.literal('status'), status: z.literal('generating') }),
  z.object({ type: z.literal('status'), status: z.literal('waiting_for_model'), retryAt: timestampSchema }),
]);

/** The number of a part in its answer, with hidden parts. The text that an answer begins with is part 0, which is left out. */
const partNumberSchema = z.int().nonnegative();

/** The events of an answer's parts that are no text. */
const answerPartSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('reasoning-start'), part: partNumberSchema }),
  z.object({ type: z.literal('reasoning-delta'), text: z.string(), part: partNumberSchema }),
  z.object({ type: z.literal('reasoning-end'), part: partNumberSchema }),
  z.object({
    type: z.literal('tool-input-available'),
    toolCallId: z.string(),
    toolName: z.string(),
    title: z.string().optional(),
    input: jsonSchema(),
  }),
  z.object({
    type: z.literal('tool-output-available'),
    toolCallId: z.string(),
    output: jsonSchema(),
    toolMetadata: toolMetadataSchema.optional(),
  }),
  z.object({
    type: z.literal('tool-output-error'),
    toolCallId: z.string(),
    errorText: z.string(),
    toolMetadata: toolMetadataSchema.optional(),
  }),
  z.object({ type: z.literal('source-url'), ...sourceFields }),
]);

/**
 * The events of one answer. Each text and each reasoning has a start, an end and its text in between; tool calls, their
 * results and sources come whole. A `snapshot` replaces everything that came before it. A `status` may come anywhere before the end, has the
 * id of the event before it, and holds until the next event.
 */
export const answerEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('start'),
    messageId: idSchema('message'),
    userMessageId: idSchema('message'),
  }),
  z.object({ type: z.literal('text-start'), part: partNumberSchema.optional() }),
  z.object({ type: z.literal('text-delta'), text: z.string(), part: partNumberSchema.optional() }),
  z.object({ type: z.literal('text-end'), part: partNumberSchema.optional() }),
  ...answerPartSchema.options,
  z.object({
    type: z.literal('snapshot'),
    text: z.string(),
    parts: z.array(messagePartSchema).optional(),
  }),
  answerStatusSchema,
  z.object({
    type: z.literal('end'),
    status: endedStatusSchema,
    errorCode: errorCodeSchema.optional(),
    retryAt: retryAtSchema.optional(),
    finishReason: finishReasonSchema.optional(),
    createdAt: timestampSchema.optional(),
  }),
]);

/** The events of a chat's stream. */
export const chatEventSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('chat-followed') }).meta({ id: 'ChatFollowed' }),
    z
      .object({
        type: z.literal('message-accepted'),
        /** Absent for a retry: its user message was accepted earlier. */
        message: messageSchema.optional(),
        userMessageId: idSchema('message'),
        answerId: idSchema('message'),
      })
      .meta({ id: 'MessageAccepted' }),
    z
      .object({ type: z.literal('answer-started'), messageId: idSchema('message') })
      .meta({ id: 'AnswerStarted' }),
    z
      .object({
        type: z.literal('answer-delta'),
        messageId: idSchema('message'),
        text: z.string(),
        retryAt: timestampSchema.optional().meta({
          description:
            "Only with an empty `text`: the model's server makes the answer wait until then. The next event of the " +
            'answer ends the wait.',
        }),
      })
      .meta({ id: 'AnswerDelta' }),
    z
      .object({
        type: z.literal('answer-snapshot'),
        messageId: idSchema('message'),
        text: z.string(),
        parts: z.array(messagePartSchema).optional(),
      })
      .meta({ id: 'AnswerSnapshot' }),
    z
      .object({
        type: z.literal('answer-part'),
        messageId: idSchema('message'),
        event: answerPartSchema.meta({
          description: 'The event of the answer, as `message.follow` sends it over tRPC.',
        }),
      })
      .meta({ id: 'AnswerPart' }),
    z
      .object({
        type: z.literal('answer-ended'),
        messageId: idSchema('message'),
        status: endedStatusSchema,
        errorCode: errorCodeSchema.optional(),
        retryAt: retryAtSchema.optional(),
        finishReason: finishReasonSchema.optional(),
        createdAt: timestampSchema.optional(),
      })
      .meta({ id: 'AnswerEnded' }),
    z
      .object({ type: z.literal('chat-snapshot'), messages: z.array(messageSchema) })
      .meta({ id: 'ChatSnapshot' }),
    z.object({ type: z.literal('chat-changed') }).meta({ id: 'ChatChanged' }),
    z.object({ type: z.literal('chat-deleted') }).meta({ id: 'ChatDeleted' }),
  ])
  .meta({
    id: 'ChatEvent',
    description:
      'An event of a chat. `chat-followed` comes first: read older messages from the message list, newer ones follow as ' +
      'events. `message-accepted`: a message was stored. `answer-started`, `answer-delta` and `answer-ended`: its answer ' +
      'started, grew and ended. `answer-part`, only with `parts=true`: a step of its reasoning, a tool call, the result of ' +
      'one, or a source, in order with the text. `answer-snapshot`: the answer was generated again; replace the text and the parts shown ' +
      'so far. ' +
      '`chat-snapshot`: the newest messages, sent when the reader is too far behind for single events, or when the chat shows ' +
      'other messages than before. `chat-changed`: the chat was renamed or shows another path; read it again if you show its ' +
      'title. `chat-deleted`: the chat was deleted.',
  });

/** The events of the stream of a list of chats. */
export const chatListEventSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('list-followed') }).meta({ id: 'ListFollowed' }),
    z.object({ type: z.literal('list-chat'), chat: chatSchema }).meta({ id: 'ListChat' }),
    z
      .object({ type: z.literal('list-chat-removed'), chatId: idSchema('chat') })
      .meta({ id: 'ListChatRemoved' }),
    z.object({ type: z.literal('list-changed') }).meta({ id: 'ListChanged' }),
  ])
  .meta({
    id: 'ChatListEvent',
    description:
      'An event of a list of chats. `list-followed` comes first: read the list now, its changes follow as events. ' +
      '`list-chat`: a chat was created, used or changed, and is like this now. `list-chat-removed`: a chat was deleted or ' +
      'left your list. `list-changed`: read the list again, because too much changed for single events. An event may come ' +
      'twice.',
  });

/**
 * The error that ends a stream early. Only REST streams send it; tRPC streams use tRPC's own error format.
 */
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
      'The last event of a stream that the server ends early. It has no id: open the stream again with the id of the ' +
      'last event that had one. If `code` asks for a new token or key, get it first.',
  });

/** The error that ends a REST stream early. */
export type StreamError = z.infer<typeof streamErrorSchema>;
/** An event of one answer's stream. */
export type AnswerEvent = z.infer<typeof answerEventSchema>;
/** An event of the stream of a list of chats. */
export type ChatListEvent = z.infer<typeof chatListEventSchema>;
/** An event of an answer's part that is no text. */
export type AnswerPartEvent = z.infer<typeof answerPartSchema>;
/** An event of a chat's stream. */
export type ChatEvent = z.infer<typeof chatEventSchema>;
