import type { Team } from '@parley/contract';
import type { TeamInfo } from '@parley/db';

/**
 * Converts a stored team to its form in answers.
 *
 * @throws Error if the team is missing, which is impossible for a caller with a key of the team
 */
export function toTeam(team: TeamInfo | undefined): Team {
  if (!team) throw new Error('the team of a key is missing');
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
