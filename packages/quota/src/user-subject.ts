import { createHash } from 'node:crypto';
import type { Id } from '@parley/contract';

/**
 * Identifies a user in counts and budgets by a hash, because a user's id can have any length and may identify a
 * person.
 */
export function userSubject({ team, user }: { team: Id<'team'>; user: string }): string {
  return `${team}/${createHash('sha256').update(user).digest('base64url').slice(0, 22)}`;
}
