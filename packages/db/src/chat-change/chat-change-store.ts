import { type Id, isId } from '@parley/contract';
import { trusted } from 'mongoose';
import { databaseOf } from '../connection/database-of.ts';
import { filterOf } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import { hashOfUser } from '../user-status/hash-of-user.ts';
import type { ChatChangeDocument } from './chat-change-model.ts';
import type { ChatChangeStore } from './chat-change-port.ts';
import type { ChangesAfter, FoundChanges } from './chat-change-records.ts';
import { createChatChanges } from './chat-changes.ts';

/** The number of changes that one command reads, for all its readers. */
const CHANGES_MAX = 5_000;

/** Creates the store of changes. `changesMax` is what one command reads; set it only in tests. */
export function createChatChangeStore(models: Models, changesMax = CHANGES_MAX): ChatChangeStore {
  const { chatChanges } = models;
  const { announce } = createChatChanges(models);
  return {
    announce: (chats) => announce(chats),

    async listAfter(asked) {
      const found = await chatChanges
        .find({ $or: asked.map(filterAfter) })
        .limit(changesMax)
        .lean();
      const isIncomplete = found.length === changesMax;
      const byTeam = Map.groupBy(found, ({ team }) => team);
      return asked.map((one) => {
        const changes = changesFor(one, byTeam.get(one.scope.team) ?? []);
        return { changes, isIncomplete };
      });
    },

    async now() {
      const { localTime } = await databaseOf(chatChanges.db).command({ hello: 1 });
      return localTime as Date;
    },
  };
}

function filterAfter({ scope: { team, user }, after }: ChangesAfter) {
  const hash = user === undefined ? undefined : hashOfUser(team, user);
  return filterOf({ team, at: trusted({ $gt: after }) }, { user: hash });
}

/** The changes of the readers of one command, for one of them. */
function changesFor(
  { scope, after }: ChangesAfter,
  found: readonly ChatChangeDocument[],
): FoundChanges['changes'] {
  const { team, user: name, agents } = scope;
  const user = name === undefined ? undefined : hashOfUser(team, name);
  return found
    .filter((change) => change.at > after && (user === undefined || change.user === user))
    .filter(({ agent }) => !agents || agent === undefined || agents.includes(agent))
    .map(({ _id, at }) => ({ chat: isId('chat', _id) ? (_id as Id<'chat'>) : undefined, at }));
}
