import { getTeamInputSchema, teamSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toTeam } from './to-team.ts';

/** `team.get`: returns the caller's team and its limits. */
export const getTeam = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/team',
      operationId: 'getTeam',
      tags: ['Team'],
      summary: 'Get your team',
      description:
        'Returns the team of the key, with its budgets and its maximum number of unfinished answers.',
    },
    errors: ['secret_key_needed'],
  })
  .input(getTeamInputSchema)
  .output(teamSchema)
  .query(async ({ ctx: { stores, scope } }) => toTeam(await stores.teams.get(scope)));
