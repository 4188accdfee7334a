import { z } from 'zod';
import type { JsonValue } from './json.ts';

/** Facts about a tool call beside its input and output. */
export const toolMetadataSchema = z
  .object({
    durationMs: z.int().optional().meta({ description: 'How long the call took, in milliseconds.' }),
  })
  .meta({ id: 'ToolMetadata' });

const toolFields = {
  type: z.literal('dynamic-tool'),
  toolName: z.string(),
  toolCallId: z.string().meta({ description: 'Unique in the message.' }),
  title: z.string().optional(),
  toolMetadata: toolMetadataSchema.optional(),
  input: jsonSchema().meta({ description: 'An empty object if the tool shows its activity alone.' }),
};

/** The fields of a source. */
export const sourceFields = {
  sourceId: z.string().meta({ description: 'Unique in the message.' }),
  url: z.string().meta({ description: 'An address with `http` or `https`.' }),
  title: z.string().optional(),
};

/** A file that a user's message names. */
const filePartSchema = z
  .object({
    type: z.literal('file'),
    url: z.string().meta({
      description: "The path of the file's content on this server. It is read with the same credentials.",
      examples: ['/file/file_01jd2m8x5qk3v7w9yb4t6r1znhce/content'],
    }),
    mediaType: z.string(),
    filename: z.string(),
  })
  .meta({ id: 'FilePart' });

/** A part of a message, in the form of a part of the AI SDK's `UIMessage`. */
export const messagePartSchema = z
  .union([
    z.object({ type: z.literal('text'), text: z.string() }).meta({ id: 'TextPart' }),
    z.object({ type: z.literal('reasoning'), text: z.string() }).meta({ id: 'ReasoningPart' }),
    z.object({ ...toolFields, state: z.literal('input-available') }).meta({ id: 'RunningToolPart' }),
    z
      .object({ ...toolFields, state: z.literal('output-available'), output: jsonSchema() })
      .meta({ id: 'FinishedToolPart' }),
    z
      .object({ ...toolFields, state: z.literal('output-error'), errorText: z.string() })
      .meta({ id: 'FailedToolPart' }),
    z
      .object({ type: z.literal('source-url'), ...sourceFields })
      .meta({ id: 'SourcePart', description: 'A web page that the text before it draws on.' }),
    filePartSchema,
  ])
  .meta({
    id: 'MessagePart',
    description:
      "A part of a message, as the AI SDK's `UIMessage` has it. A `file` is of a user's message. A tool call is `dynamic-tool`: `input-available` until it has " +
      'a result, then `output-available` or `output-error`.',
  });

/** Any JSON. In types of tRPC, an unknown value would be optional. */
export function jsonSchema(): z.ZodType<JsonValue> {
  return z.any();
}

/** A part of a message, as callers see it. */
export type MessagePart = z.infer<typeof messagePartSchema>;
