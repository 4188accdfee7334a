import type { Team } from '@parley/contract';
import type { TeamInfo } from '@parley/db';

/** A team as answers show it. @throws Error when there is none: whoever calls has a key of it */
export function toTeam(team: TeamInfo | undefined): Team {
  if (!team) throw new Error('the team of a key is gone');
  const { id, name, tokensPerDay, tokensPerDayPerUser, concurrentTurns, createdAt } = team;
  return {
    id,
    name,
    ...(tokensPerDay !== undefined && { tokensPerDay }),
    ...(tokensPerDayPerUser !== undefined && { tokensPerDayPerUser }),
    ...(concurrentTurns !== undefined && { concurrentTurns }),
    createdAt: createdAt.toISOString(),
  };
}
