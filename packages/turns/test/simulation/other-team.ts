import { ApiError, type Id, mintId } from '@parley/contract';
import type { SystemScope } from '@parley/db';
import type { TurnDeps } from '../../src/index.ts';
import type { World } from './world.ts';

type Store = TurnDeps['store'];

/** Queries a chat as another team, in a process that also serves its own team, and checks that nothing is returned. */
export async function queryAsOtherTeam(world: World, chat: Id<'chat'>): Promise<void> {
  const replica = world.anyReplica();
  if (!replica) return;
  const { store, process } = replica;
  const scope: SystemScope = { team: mintId('team') };
  const isDead = new Promise<[]>((resolve) => process.onDeath(() => resolve([])));
  const queries = Promise.all([
    resultByFind(store, scope, chat),
    resultByRunContext(store, scope, world, chat),
    resultByEnds(store, scope, world, chat),
  ]).catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
    return [];
  });
  const results = await Promise.race([queries, isDead]);
  for (const what of results) if (what !== undefined) world.offend(`another team ${what} of ${chat}`);
}

async function resultByFind({ chats }: Store, scope: SystemScope, chat: Id<'chat'>) {
  return (await chats.find(scope, chat)) ? 'found the chat' : undefined;
}

async function resultByRunContext({ turns }: Store, scope: SystemScope, world: World, chat: Id<'chat'>) {
  const next = Math.max(0, ...turnsOf(world, chat).map(({ record }) => record.sequence)) + 1;
  const { history, chat: found, ...view } = await turns.readRunContext(scope, chat, next, 24_000);
  const isEmpty = view.predecessorEnded && view.textBytesBefore === 0;
  return found || history.length > 0 || !isEmpty ? 'got the history' : undefined;
}

function turnsOf({ database }: World, chat: Id<'chat'>) {
  return [...database.committed.turns.values()].filter(({ record }) => record.chat === chat);
}

/** Tries to end the turns, even with the right token. */
async function resultByEnds({ turns }: Store, scope: SystemScope, world: World, chat: Id<'chat'>) {
  const results = await Promise.all(
    turnsOf(world, chat).map(({ record: { id, lease } }) =>
      turns.end(scope, id, lease?.token ?? '', { status: 'stopped', textBytes: 0 }),
    ),
  );
  return results.some(({ result }) => result !== 'deleted') ? 'ended a turn' : undefined;
}
