import { z } from 'zod';
import { idSchema } from './id.ts';
import { limits } from './limits.ts';
import { cursorSchema, nextCursorSchema, pageLimitSchema } from './page.ts';

/** The dimensions that usage can be grouped by. */
export const usageGroups = ['day', 'agent', 'agentVersion', 'user', 'key', 'model'] as const;

const daySchema = z.iso
  .date({ error: 'must be a day such as 2026-11-25' })
  .meta({ description: 'A day in UTC.', examples: ['2026-11-25'] });

/** Input of `usage.list`. */
export const listUsageInputSchema = z.strictObject({
  from: daySchema.optional().meta({
    description: 'The first day. Default: 29 days before the last day.',
    examples: ['2026-11-01'],
  }),
  to: daySchema
    .optional()
    .meta({ description: 'The last day. Default: today in UTC.', examples: ['2026-11-30'] }),
  groupBy: z
    .enum(usageGroups)
    .optional()
    .meta({ description: 'The dimension to group by. Default: `day`.', examples: ['agent'] }),
  limit: pageLimitSchema.optional().meta({
    description: `The maximum number of sums. Default: ${limits.usagePageMax}.`,
  }),
  cursor: cursorSchema.optional(),
});

const count = (description: string) => z.int().meta({ description });

/** The usage of one group. Only the field of the requested dimension is set; of an agent's version also the agent. */
export const usageSumSchema = z.object({
  day: daySchema.optional(),
  agentId: idSchema('agent').optional(),
  agentVersion: z
    .int()
    .optional()
    .meta({
      description:
        'The version of the agent that answered. Absent in the sum of answers whose version is unknown: those that servers of ' +
        'release 0.1.0 counted, and those that ended before an agent ran.',
    }),
  userId: z
    .string()
    .optional()
    .meta({ description: 'The user of the chats. Absent in the sum of chats without a user.' }),
  keyId: idSchema('key')
    .optional()
    .meta({ description: 'The id of the first key of the family. Rolling a key adds a key to its family.' }),
  model: z.string().optional().meta({
    description:
      'The name of the model as its server reports it. Absent in the sum of turns that called no model.',
  }),
  turns: count('Answers that ended: completed, stopped or failed.'),
  calls: count('Calls of the model.'),
  inputTokens: count(
    "Input tokens as the model's server reports them, or Parley's estimate if it reports none.",
  ),
  outputTokens: count(
    "Output tokens as the model's server reports them, or Parley's estimate if it reports none.",
  ),
  feedback: z
    .object({ up: count('Answers rated `up`.'), down: count('Answers rated `down`.') })
    .optional()
    .meta({
      description:
        'Feedback on the answers of these days. Only in sums by `agentVersion`. Feedback that was taken back, or deleted ' +
        'with its chat, does not count.',
    }),
});

/** Output of `usage.list`. */
export const usageListSchema = z
  .object({
    usage: z.array(usageSumSchema),
    storage: z
      .object({
        bytes: count('The size of all files of the team.'),
        bytesMax: count('The size that they can have.'),
      })
      .optional()
      .meta({ description: 'The storage of files now. Absent for keys that are limited to agents.' }),
    nextCursor: nextCursorSchema.optional(),
  })
  .meta({ id: 'UsageList', description: 'Sums of usage, sorted by the dimension they are grouped by.' });

/** The usage of one group. */
export type UsageSum = z.infer<typeof usageSumSchema>;
/** A page of usage sums. */
export type UsageList = z.infer<typeof usageListSchema>;
