import type { Id } from '@parley/contract';
import type { IdleChat, RetainingAgent, Stores } from '@parley/db';
import type { Turns } from '@parley/turns';

const PAGE = 100;
const DAY_MS = 24 * 60 * 60 * 1_000;

type Source = Pick<Stores, 'agents' | 'chats'>;

interface ExpireOptions {
  readonly now?: Date;
  /** Ends it between two chats; the next time goes on with what is left. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Deletes the chats that were kept for as long as their agents say, one after the other. A chat stays when a message
 * was accepted after it was judged: only one whose newest turn is still the judged one is deleted. Harmless on several
 * servers at a time. Answers how many it deleted.
 */
export async function expireChats(
  stores: Source,
  { deleteIdleChat }: Pick<Turns, 'deleteIdleChat'>,
  { now = new Date(), signal }: ExpireOptions = {},
): Promise<number> {
  let count = 0;
  for await (const agent of retainingAgents(stores)) {
    for await (const chat of idleChats(stores, agent, now)) {
      if (signal?.aborted) return count;
      if (await deleteIdleChat({ team: agent.team }, chat.id, chat.sequence)) count++;
    }
  }
  return count;
}

async function* retainingAgents({ agents }: Source): AsyncGenerator<RetainingAgent> {
  for (let after: Id<'agent'> | undefined; ; ) {
    const page: RetainingAgent[] = await agents.listRetaining(PAGE, after);
    yield* page;
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}

async function* idleChats(
  { chats }: Source,
  { id, team, retentionDays }: RetainingAgent,
  now: Date,
): AsyncGenerator<IdleChat> {
  const before = new Date(now.getTime() - retentionDays * DAY_MS);
  for (let after: Id<'chat'> | undefined; ; ) {
    const page = { limit: PAGE, ...(after !== undefined && { after }) };
    const { items, next }: { items: IdleChat[]; next?: Id<'chat'> } = await chats.listIdle(
      { team },
      id,
      before,
      page,
    );
    yield* items;
    if (next === undefined) return;
    after = next;
  }
}
