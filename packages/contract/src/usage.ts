import { z } from 'zod';
import { idSchema } from './id.ts';
import { limits } from './limits.ts';
import { cursorSchema, nextCursorSchema, pageLimitSchema } from './page.ts';

/** What usage can be summed up by. */
export const usageGroups = ['day', 'agent', 'user', 'key', 'model'] as const;

const daySchema = z.iso
  .date({ error: 'must be a day such as 2026-11-25' })
  .meta({ description: 'A day in UTC.', examples: ['2026-11-25'] });

export const listUsageInputSchema = z.strictObject({
  from: daySchema.optional().meta({
    description: 'The first day; 29 days before the last one, unless given.',
    examples: ['2026-11-01'],
  }),
  to: daySchema
    .optional()
    .meta({ description: 'The last day; today in UTC, unless given.', examples: ['2026-11-30'] }),
  groupBy: z
    .enum(usageGroups)
    .optional()
    .meta({ description: 'What is summed up; `day`, unless given.', examples: ['agent'] }),
  limit: pageLimitSchema.optional().meta({
    description: `How many sums to answer at most; ${limits.usagePageMax}, unless given.`,
  }),
  cursor: cursorSchema.optional(),
});

const count = (description: string) => z.int().meta({ description });

/** A sum. Of the fields that name what it is of, it has the one that was asked for. */
export const usageSumSchema = z.object({
  day: daySchema.optional(),
  agentId: idSchema('agent').optional(),
  userId: z.string().optional().meta({ description: "The chats' user; absent: of chats without a user." }),
  keyId: idSchema('key')
    .optional()
    .meta({ description: 'The first of the keys that took the place of each other by rolling.' }),
  model: z
    .string()
    .optional()
    .meta({ description: "As the model's server names it; absent: of turns that called none." }),
  turns: count('Answers that ended: completed, stopped or failed.'),
  calls: count('Calls of the model.'),
  inputTokens: count(
    "Tokens the model read, as its server told them; where it told none, Parley's estimate.",
  ),
  outputTokens: count('Tokens the model wrote, likewise.'),
});

export const usageListSchema = z
  .object({ usage: z.array(usageSumSchema), nextCursor: nextCursorSchema.optional() })
  .meta({ id: 'UsageList', description: 'What was used, in sums, in the order of what they are of.' });

export type UsageSum = z.infer<typeof usageSumSchema>;
export type UsageList = z.infer<typeof usageListSchema>;
