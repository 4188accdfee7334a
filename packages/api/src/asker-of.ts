import type { Asker } from '@parley/turns';
import type { Caller } from './caller.ts';
import type { Services } from './context.ts';

/** Unfinished turns at a time, where a team has not set its own; 0: as many as there are. */
export interface TurnLimits {
  readonly team: number;
  readonly user: number;
}

/** Who asks for a turn, and what they may use. What the team has set is known for some seconds. */
export async function askerOf(
  { stores, turnLimits }: Pick<Services, 'stores' | 'turnLimits'>,
  { lineage, scope, tokensPerDay }: Pick<Caller, 'lineage' | 'scope' | 'tokensPerDay'>,
): Promise<Asker> {
  const settings = await stores.teams.findSettings(scope);
  const { user } = scope;
  return {
    spender: { key: lineage, ...(user !== undefined && { user }) },
    allowance: {
      tokensPerDay: { key: tokensPerDay, user: settings.tokensPerDayPerUser, team: settings.tokensPerDay },
      concurrentTurns: {
        team: settings.concurrentTurns ?? boundOf(turnLimits?.team),
        user: boundOf(turnLimits?.user),
      },
    },
  };
}

function boundOf(limit: number | undefined): number | undefined {
  return limit === 0 ? undefined : limit;
}
