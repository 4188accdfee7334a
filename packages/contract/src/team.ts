import { z } from 'zod';
import { idSchema } from './id.ts';
import { limits } from './limits.ts';
import { textSchema } from './text.ts';
import { momentSchema } from './time.ts';

/** Tokens a day; from the model's input and output together. */
export const tokensPerDaySchema = z
  .int({ error: 'must be a whole number of tokens' })
  .min(1, 'must be at least 1')
  .max(limits.tokensPerDayMax, `must be at most ${limits.tokensPerDayMax}`);

const settings = {
  tokensPerDay: tokensPerDaySchema.meta({
    description: 'How many tokens the whole team may use in a day (UTC).',
    examples: [5_000_000],
  }),
  tokensPerDayPerUser: tokensPerDaySchema.meta({
    description: "How many tokens each user's chats may use in a day (UTC).",
    examples: [100_000],
  }),
  concurrentTurns: z
    .int({ error: 'must be a whole number of turns' })
    .min(1, 'must be at least 1')
    .max(limits.concurrentTurnsMax, `must be at most ${limits.concurrentTurnsMax}`)
    .meta({ description: 'How many answers of the team may be unfinished at a time.', examples: [64] }),
};

export const getTeamInputSchema = z.strictObject({});

/** A field that is left out stays as it is; null takes a setting away. */
export const updateTeamInputSchema = z.strictObject({
  name: textSchema({ min: 1, max: limits.nameLengthMax })
    .optional()
    .meta({ description: 'What people call it.' }),
  tokensPerDay: settings.tokensPerDay.nullish(),
  tokensPerDayPerUser: settings.tokensPerDayPerUser.nullish(),
  concurrentTurns: settings.concurrentTurns.nullish(),
});

export const teamSchema = z
  .object({
    id: idSchema('team'),
    name: z.string(),
    tokensPerDay: settings.tokensPerDay.optional(),
    tokensPerDayPerUser: settings.tokensPerDayPerUser.optional(),
    concurrentTurns: settings.concurrentTurns.optional(),
    createdAt: momentSchema,
  })
  .meta({ id: 'Team', description: 'Your team, and what it has set for itself.' });

export type Team = z.infer<typeof teamSchema>;
