import { createHash } from 'node:crypto';
import type { Id } from '@parley/contract';

/** Names a user in counts and budgets by a hash: a user's id may be of any length, and says who they are. */
export function userSubject({ team, user }: { team: Id<'team'>; user: string }): string {
  return `${team}/${createHash('sha256').update(user).digest('base64url').slice(0, 22)}`;
}
