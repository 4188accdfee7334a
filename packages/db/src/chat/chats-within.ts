import { filterOf, oneOf } from '../mapping/filter-of.ts';
import type { Scope } from '../scope.ts';

/** The filter of the chats that a scope may access. Without a user and agents, these are all chats of the team. */
export function chatsWithin({ team, user, agents }: Scope) {
  return filterOf({ team }, { user, agent: oneOf(agents) });
}
