import { ApiError, teamSchema, updateTeamInputSchema } from '@parley/contract';
import { assertTeamWide } from '../authorize.ts';
import { procedure } from '../procedures.ts';
import { toTeam } from './to-team.ts';

/** `team.update`: changes the name and the limits of the caller's team. */
export const updateTeam = procedure
  .meta({
    openapi: {
      method: 'PATCH',
      path: '/team',
      operationId: 'updateTeam',
      tags: ['Team'],
      summary: 'Change your team',
      description:
        'Changes the name, the budgets or the maximum number of unfinished answers, on every server within five ' +
        'seconds. A new budget counts from the time it is set. A key that is limited to agents cannot change ' +
        'them.',
    },
    errors: ['secret_key_needed', 'whole_team_key_needed', 'key_beyond_yours'],
  })
  .input(updateTeamInputSchema)
  .output(teamSchema)
  .mutation(async ({ ctx: { stores, scope, caller }, input }) => {
    const { name, tokensPerDay, tokensPerDayPerUser, concurrentTurns } = input;
    assertTeamWide(scope);
    // A key with a budget of its own cannot change the budgets of the team.
    if (caller.limits.budgets.length > 0) throw new ApiError('key_beyond_yours');
    return toTeam(
      await stores.teams.update(scope, {
        ...(name !== undefined && { name }),
        ...(tokensPerDay !== undefined && { tokensPerDay }),
        ...(tokensPerDayPerUser !== undefined && { tokensPerDayPerUser }),
        ...(concurrentTurns !== undefined && { concurrentTurns }),
      }),
    );
  });
