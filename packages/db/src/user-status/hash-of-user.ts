import { createHash } from 'node:crypto';
import type { Id } from '@parley/contract';

/** A hash that stands for a user of a team in what outlives the user's data: it names nobody. */
export function hashOfUser(team: Id<'team'>, user: string): string {
  return createHash('sha256').update(`${team} ${user}`).digest('base64url');
}
