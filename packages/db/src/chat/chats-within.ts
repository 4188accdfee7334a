import { trusted } from 'mongoose';
import type { Scope } from '../scope.ts';

/** The filter of the chats that a scope reaches. */
export function chatsWithin({ team, user, agents }: Scope) {
  return {
    team,
    ...(user !== undefined && { user }),
    ...(agents && { agent: trusted({ $in: [...agents] }) }),
  };
}
