import { z } from 'zod';
import { agentTypeSchema } from './chat.ts';
import { errorCodeSchema } from './error-codes.ts';
import { idSchema } from './id.ts';
import { storedMetadataSchema } from './metadata.ts';
import { momentSchema } from './time.ts';
import type { Tool } from './tool.ts';
import { toolParametersSchema } from './tool-parameters.ts';

/*
 * The lines of an export: JSON Lines, one object in each, named by its `type`. What is written is what is read: it
 * has the same form on its way out and in. Text is not bounded again; an older bound may have let in more.
 */

/**
 * The version of exports that this release writes. Every release reads all versions up to its own. Whoever adds a field or
 * a type of line raises it, so that an older release rejects the file with a sentence, and keeps an export of the version
 * before as a fixture.
 */
export const TRANSFER_VERSION = 1;

/** Of release 0.1.0, and of a file that does not say. */
const FIRST_TRANSFER_VERSION = 1;

export const transferBeginSchema = z.strictObject({
  type: z.literal('parley-export'),
  version: z.int().min(FIRST_TRANSFER_VERSION).max(TRANSFER_VERSION).default(FIRST_TRANSFER_VERSION),
  teamId: idSchema('team'),
  /** The one user whose chats it holds; absent: all of the team's. */
  user: z.string().optional(),
  createdAt: momentSchema,
});

/** A header whose value was left out is null. */
const transferToolSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  parameters: toolParametersSchema,
  url: z.string(),
  headers: z.record(z.string(), z.string().nullable()).optional(),
  timeoutMs: z.int().optional(),
});

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
        temperature: z.number().optional(),
        tools: z.array(transferToolSchema).optional(),
        createdAt: momentSchema,
      }),
    )
    .min(1),
  createdAt: momentSchema,
  updatedAt: momentSchema.optional(),
});

export const transferChatSchema = z.strictObject({
  type: z.literal('chat'),
  id: idSchema('chat'),
  agentId: idSchema('agent'),
  agentType: agentTypeSchema,
  userId: z.string().optional(),
  metadata: storedMetadataSchema.optional(),
  title: z.string().optional(),
  createdAt: momentSchema,
});

/** An ended turn of the chat before it. */
export const transferTurnSchema = z.strictObject({
  type: z.literal('turn'),
  id: idSchema('turn'),
  sequence: z.int().min(1),
  status: z.literal(['completed', 'stopped', 'failed']),
  takeovers: z.int().min(0),
  attempts: z.int().min(0),
  retryOf: z.strictObject({ turn: idSchema('turn'), userMessageId: idSchema('message') }).optional(),
  written: z.strictObject({ attempt: z.int(), text: z.string().optional() }).optional(),
  messages: z
    .array(
      z.strictObject({
        id: idSchema('message'),
        role: z.literal(['user', 'assistant']),
        content: z.string(),
        createdAt: momentSchema,
      }),
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
  createdAt: momentSchema,
  endedAt: momentSchema,
});

/** What was used on one day by one agent, user, key and model. */
export const transferUsageSchema = z.strictObject({
  type: z.literal('usage'),
  /** Names the row: it is stored once, however often it is read. */
  id: z.string().regex(/^[\w-]{43}$/),
  day: z.iso.date(),
  agentId: idSchema('agent'),
  userId: z.string().optional(),
  keyId: idSchema('key').optional(),
  model: z.string().optional(),
  turns: z.int(),
  calls: z.int(),
  inputTokens: z.number(),
  outputTokens: z.number(),
});

/** What stood before it: a file without it was cut. */
export const transferEndSchema = z.strictObject({
  type: z.literal('end'),
  agents: z.int(),
  chats: z.int(),
  turns: z.int(),
  usage: z.int(),
  /** Turns that had not ended, or stood behind one that had not. */
  turnsLeftOut: z.int(),
});

export const transferLineSchema = z.discriminatedUnion('type', [
  transferBeginSchema,
  transferAgentSchema,
  transferChatSchema,
  transferTurnSchema,
  transferUsageSchema,
  transferEndSchema,
]);

export type TransferLine = z.infer<typeof transferLineSchema>;
export type TransferAgent = z.infer<typeof transferAgentSchema>;
export type TransferChat = z.infer<typeof transferChatSchema>;
export type TransferTurn = z.infer<typeof transferTurnSchema>;
export type TransferUsage = z.infer<typeof transferUsageSchema>;
export type TransferTool = z.infer<typeof transferToolSchema>;

/** A tool that is stored again: of what has no value nothing is stored. */
export function toStoredTool({ headers = {}, timeoutMs, ...tool }: TransferTool): Tool {
  const known = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null);
  return {
    ...tool,
    ...(known.length > 0 && { headers: Object.fromEntries(known) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}
