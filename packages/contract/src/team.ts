import { z } from 'zod';
import { idSchema } from './id.ts';
import { limits } from './limits.ts';
import { textSchema } from './text.ts';
import { timestampSchema } from './time.ts';

/** A number of tokens per day. Input and output tokens of the model both count. */
export const tokensPerDaySchema = z
  .int({ error: 'must be a whole number of tokens' })
  .min(1, 'must be at least 1')
  .max(limits.tokensPerDayMax, `must be at most ${limits.tokensPerDayMax}`);

const settings = {
  tokensPerDay: tokensPerDaySchema.meta({
    description: 'The tokens that the whole team may use in a day (UTC).',
    examples: [5_000_000],
  }),
  tokensPerDayPerUser: tokensPerDaySchema.meta({
    description: 'The tokens that the chats of one user may use in a day (UTC).',
    examples: [100_000],
  }),
  concurrentTurns: z
    .int({ error: 'must be a whole number of turns' })
    .min(1, 'must be at least 1')
    .max(limits.concurrentTurnsMax, `must be at most ${limits.concurrentTurnsMax}`)
    .meta({ description: 'The maximum number of unfinished answers of the team at a time.', examples: [64] }),
};

/** Input of `team.get`: it takes no fields. */
export const getTeamInputSchema = z.strictObject({});

/** Input of `team.update`. A field that is left out keeps its value; null removes a setting. */
export const updateTeamInputSchema = z.strictObject({
  name: textSchema({ min: 1, max: limits.nameLengthMax })
    .optional()
    .meta({ description: 'The display name.' }),
  tokensPerDay: settings.tokensPerDay.nullish(),
  tokensPerDayPerUser: settings.tokensPerDayPerUser.nullish(),
  concurrentTurns: settings.concurrentTurns.nullish(),
});

/** Output of `team.get` and `team.update`. */
export const teamSchema = z
  .object({
    id: idSchema('team'),
    name: z.string(),
    tokensPerDay: settings.tokensPerDay.optional(),
    tokensPerDayPerUser: settings.tokensPerDayPerUser.optional(),
    concurrentTurns: settings.concurrentTurns.optional(),
    createdAt: timestampSchema,
  })
  .meta({ id: 'Team', description: 'Your team and its settings.' });

/** A team and its settings. */
export type Team = z.infer<typeof teamSchema>;
