import { z } from 'zod';
import { agentTypeSchema } from './chat.ts';
import { errorCodeSchema } from './error-codes.ts';
import { feedbackRatings } from './feedback.ts';
import { fileKinds } from './file.ts';
import { idSchema } from './id.ts';
import { finishReasonSchema } from './message.ts';
import { storedMetadataSchema } from './metadata.ts';
import { timestampSchema } from './time.ts';
import { type Tool, toolShows } from './tool.ts';
import { toolParametersSchema } from './tool-parameters.ts';

/*
 * The lines of an export: JSON Lines, one object per line, distinguished by its `type`. Export and import use
 * the same schemas. They do not check the length of texts, because earlier releases may have had larger
 * limits.
 */

/**
 * The version of exports that this release writes. Every release reads all versions up to its own. When you
 * add a field or a type of line, increase it, so that older releases reject the file with a clear error, and
 * keep an export of the previous version as a fixture.
 */
export const TRANSFER_VERSION = 2;

/** The version of release 0.1.0, whose files may not name it. */
const FIRST_TRANSFER_VERSION = 1;

/** The first line of an export. */
export const transferBeginSchema = z.strictObject({
  type: z.literal('parley-export'),
  version: z.int().min(FIRST_TRANSFER_VERSION).max(TRANSFER_VERSION).default(FIRST_TRANSFER_VERSION),
  teamId: idSchema('team'),
  /** The user whose chats the export contains. Absent if it contains all chats of the team. */
  user: z.string().optional(),
  createdAt: timestampSchema,
});

/** The value of a header is null if the export was made without secrets. */
const showSchema = z.literal(toolShows);

const transferToolSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  parameters: toolParametersSchema,
  url: z.string(),
  headers: z.record(z.string(), z.string().nullable()).optional(),
  timeoutMs: z.int().optional(),
  title: z.string().optional(),
  show: showSchema.optional(),
});

/** An agent with all its stored versions. */
export const transferAgentSchema = z.strictObject({
  type: z.literal('agent'),
  id: idSchema('agent'),
  name: z.string(),
  agentType: agentTypeSchema,
  description: z.string().optional(),
  retentionDays: z.int().min(1).optional(),
  version: z.int().min(1),
  versions: z
    .array(
      z.strictObject({
        version: z.int().min(1),
        systemPrompt: z.string().optional(),
        model: z.string().optional(),
        models: z.array(z.strictObject({ provider: z.string(), model: z.string() })).optional(),
        temperature: z.number().optional(),
        reasoning: z.literal(['hide', 'show']).optional(),
        accepts: z.array(z.literal(fileKinds)).optional(),
        tools: z.array(transferToolSchema).optional(),
        createdAt: timestampSchema,
      }),
    )
    .min(1),
  createdAt: timestampSchema,
  updatedAt: timestampSchema.optional(),
});

/** A chat. Its turns follow it. */
export const transferChatSchema = z.strictObject({
  type: z.literal('chat'),
  id: idSchema('chat'),
  agentId: idSchema('agent'),
  agentType: agentTypeSchema,
  userId: z.string().optional(),
  metadata: storedMetadataSchema.optional(),
  title: z.string().optional(),
  createdAt: timestampSchema,
  /** Absent in files of earlier versions. */
  updatedAt: timestampSchema.optional(),
});

/** A part of an answer that has more than text. See `tape.ts`. */
const transferPartSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({
    type: z.literal('reasoning'),
    text: z.string(),
    isShown: z.literal(true).optional(),
  }),
  z.strictObject({
    type: z.literal('tool-call'),
    id: z.string(),
    name: z.string(),
    arguments: z.string(),
    title: z.string().optional(),
    show: showSchema,
  }),
  z.strictObject({
    type: z.literal('tool-result'),
    id: z.string(),
    name: z.string(),
    result: z.string(),
    isError: z.literal(true).optional(),
    ms: z.number().optional(),
    title: z.string().optional(),
    show: showSchema,
  }),
  z.strictObject({
    type: z.literal('source'),
    id: z.string(),
    url: z.string(),
    title: z.string().optional(),
  }),
]);

/** A file that a user's message names. */
const transferMessageFileSchema = z.strictObject({
  id: idSchema('file'),
  filename: z.string(),
  mediaType: z.string(),
  bytes: z.int().min(0),
});

/** An ended turn of the preceding chat. The texts of text parts, joined, are the `content` or `text` beside them. */
export const transferTurnSchema = z.strictObject({
  type: z.literal('turn'),
  id: idSchema('turn'),
  sequence: z.int().min(1),
  parent: z.int().min(0).optional(),
  status: z.literal(['completed', 'stopped', 'failed']),
  takeovers: z.int().min(0),
  attempts: z.int().min(0),
  retryOf: z.strictObject({ turn: idSchema('turn'), userMessageId: idSchema('message') }).optional(),
  written: z
    .strictObject({
      attempt: z.int(),
      text: z.string().optional(),
      parts: z.array(transferPartSchema).optional(),
    })
    .refine(({ text = '', parts }) => isTextOf(parts, text), 'must have the text of its parts')
    .optional(),
  messages: z
    .array(
      z
        .strictObject({
          id: idSchema('message'),
          role: z.literal(['user', 'assistant']),
          content: z.string(),
          parts: z.array(transferPartSchema).optional(),
          files: z.array(transferMessageFileSchema).optional(),
          finishReason: finishReasonSchema.optional(),
          createdAt: timestampSchema,
        })
        .refine(({ content, parts }) => isTextOf(parts, content), 'must have the text of its parts'),
    )
    .max(2),
  answerId: idSchema('message'),
  usage: z.array(
    z.strictObject({
      attempt: z.int(),
      model: z.string(),
      calls: z.int(),
      inputTokens: z.number().optional(),
      outputTokens: z.number().optional(),
      isEstimated: z.boolean().optional(),
    }),
  ),
  errorCode: errorCodeSchema.optional(),
  agentVersion: z.int().optional(),
  textBytes: z.int().min(0),
  removedAt: timestampSchema.optional(),
  createdAt: timestampSchema,
  endedAt: timestampSchema,
});

/** The parts of an answer are stored without their texts, which are in its content. */
function isTextOf(parts: readonly z.infer<typeof transferPartSchema>[] | undefined, text: string): boolean {
  if (!parts) return true;
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('') === text;
}

/** Feedback on an answer of the preceding chat, behind its turns. */
export const transferFeedbackSchema = z.strictObject({
  type: z.literal('feedback'),
  messageId: idSchema('message'),
  /** The user of the chat, or the callers that act for the team. */
  by: z.literal(['user', 'team']),
  rating: z.literal(feedbackRatings),
  comment: z.string().optional(),
  agentVersion: z.int().optional(),
  /** The day on which the answer ended. */
  day: z.iso.date(),
  updatedAt: timestampSchema,
});

/** The usage of one day for one combination of agent, its version, user, key and model. */
export const transferUsageSchema = z.strictObject({
  type: z.literal('usage'),
  /** The id of the row: importing it twice stores it once. */
  id: z.string().regex(/^[\w-]{43}$/),
  day: z.iso.date(),
  agentId: idSchema('agent'),
  agentVersion: z.int().optional(),
  userId: z.string().optional(),
  keyId: idSchema('key').optional(),
  model: z.string().optional(),
  turns: z.int(),
  calls: z.int(),
  inputTokens: z.number(),
  outputTokens: z.number(),
});

/** The last line of an export, with the number of lines before it. A file without it is incomplete. */
export const transferEndSchema = z.strictObject({
  type: z.literal('end'),
  agents: z.int(),
  chats: z.int(),
  turns: z.int(),
  /** Absent in an export without feedback. */
  feedback: z.int().optional(),
  usage: z.int(),
  /** The number of turns that had not ended, or followed one that had not. */
  turnsLeftOut: z.int(),
});

/** Any line of an export. */
export const transferLineSchema = z.discriminatedUnion('type', [
  transferBeginSchema,
  transferAgentSchema,
  transferChatSchema,
  transferTurnSchema,
  transferFeedbackSchema,
  transferUsageSchema,
  transferEndSchema,
]);

/** Any line of an export. */
export type TransferLine = z.infer<typeof transferLineSchema>;
/** The line of an agent. */
export type TransferAgent = z.infer<typeof transferAgentSchema>;
/** The line of a chat. */
export type TransferChat = z.infer<typeof transferChatSchema>;
/** The line of an ended turn. */
export type TransferTurn = z.infer<typeof transferTurnSchema>;
/** The line of feedback on an answer. */
export type TransferFeedback = z.infer<typeof transferFeedbackSchema>;
/** The line of a usage row. */
export type TransferUsage = z.infer<typeof transferUsageSchema>;
/** A tool of an exported agent. */
export type TransferTool = z.infer<typeof transferToolSchema>;

/** Converts an exported tool to its stored form, without headers that have no value. */
export function toStoredTool({ headers = {}, timeoutMs, title, show, ...tool }: TransferTool): Tool {
  const known = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null);
  return {
    ...tool,
    ...(known.length > 0 && { headers: Object.fromEntries(known) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(title !== undefined && { title }),
    ...(show !== undefined && { show }),
  };
}
