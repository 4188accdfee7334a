import type { Id } from '@parley/contract';
import type { RetainingAgent, Stores } from '@parley/db';
import type { Turns } from '@parley/turns';
import { type Attempts, allAttempts } from './attempts.ts';

const PAGE = 100;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** The number of pages of one agent's chats that are checked before the next agent. */
const PAGES_OF_AGENT = 10;

interface Source {
  readonly agents: Pick<Stores['agents'], 'listRetaining'>;
  readonly chats: Pick<Stores['chats'], 'listIdle'>;
}
type Deleter = Pick<Turns, 'deleteIdleChat'>;

/** The state of retention in one process, between two runs of the job. */
export class RetentionProgress {
  readonly attempts: Attempts<Id<'chat'>>;
  /** The agent that was checked last. The next run begins after it. */
  after: Id<'agent'> | undefined;
  /** The position in the chats of each agent that has more chats than one run deletes. */
  readonly places = new Map<Id<'agent'>, Id<'chat'>>();

  constructor(attempts: Attempts<Id<'chat'>> = allAttempts) {
    this.attempts = attempts;
  }
}

interface ExpireOptions {
  readonly now?: Date;
  /** Stops the run between two chats. The next run continues. */
  readonly signal?: AbortSignal;
  readonly progress?: RetentionProgress;
  /** Is called for each chat or agent that failed. The others continue. */
  readonly onFailure?: (error: unknown, of: { agent: Id<'agent'>; chat?: Id<'chat'> }) => void;
}

/**
 * Deletes the chats whose retention is over, one after the other. A chat is kept if a message was accepted after
 * the check: it is only deleted if its newest turn is still the checked one. Agents with many chats take turns. A
 * chat or agent that fails or hangs does not stop the others. It can run on several servers at once. Returns the
 * number of deleted chats.
 */
export async function expireChats(
  stores: Source,
  deleter: Deleter,
  { now = new Date(), signal, progress = new RetentionProgress(), onFailure }: ExpireOptions = {},
): Promise<number> {
  let count = 0;
  const work: Work = {
    ...{ stores, deleter, now, progress },
    signal: signal ?? new AbortController().signal,
    onFailure: onFailure ?? (() => undefined),
  };
  for (let isMore = true; isMore; ) {
    isMore = false;
    for await (const agent of retainingAgents(stores, progress.after)) {
      if (work.signal.aborted) return count;
      progress.after = agent.id;
      count += await expireOfAgent(work, agent);
      isMore ||= progress.places.has(agent.id);
    }
    progress.after = undefined;
  }
  // The remaining positions belong to agents that no longer have a retention.
  progress.places.clear();
  return count;
}

interface Work extends Required<ExpireOptions> {
  readonly stores: Source;
  readonly deleter: Deleter;
}

async function* retainingAgents(
  { agents }: Source,
  from: Id<'agent'> | undefined,
): AsyncGenerator<RetainingAgent> {
  for (let after = from; ; ) {
    const page: RetainingAgent[] = await agents.listRetaining(PAGE, after);
    yield* page;
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}

/** Checks some pages of an agent's chats. Never rejects. */
async function expireOfAgent(work: Work, agent: RetainingAgent): Promise<number> {
  const { stores, now, progress, onFailure } = work;
  const { id, team, retentionDays } = agent;
  const before = new Date(now.getTime() - retentionDays * DAY_MS);
  let after = progress.places.get(id);
  progress.places.delete(id);
  let count = 0;
  try {
    for (let pages = 0; pages < PAGES_OF_AGENT; pages++) {
      const page = { limit: PAGE, ...(after !== undefined && { after }) };
      const { items, next } = await stores.chats.listIdle({ team }, id, before, page);
      for (const chat of items) {
        if (work.signal.aborted) return count;
        if (await deleteOrSkip(work, agent, chat)) count++;
      }
      if (next === undefined) return count;
      after = next;
    }
    if (after !== undefined) progress.places.set(id, after);
  } catch (error) {
    onFailure(error, { agent: id });
  }
  return count;
}

async function deleteOrSkip(
  { deleter, progress: { attempts }, onFailure }: Work,
  { id: agent, team }: RetainingAgent,
  { id: chat, sequence }: { id: Id<'chat'>; sequence: number },
): Promise<boolean> {
  if (attempts.isSkipped(chat)) return false;
  try {
    return await attempts.try(chat, () => deleter.deleteIdleChat({ team }, chat, sequence));
  } catch (error) {
    onFailure(error, { agent, chat });
    return false;
  }
}
