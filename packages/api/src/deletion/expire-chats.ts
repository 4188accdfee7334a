import type { Id } from '@parley/contract';
import type { RetainingAgent, Stores } from '@parley/db';
import type { Turns } from '@parley/turns';
import { type Attempts, allAttempts } from './attempts.ts';

const PAGE = 100;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Chats of one agent are judged in so many pages before the next agent has its turn. */
const PAGES_OF_AGENT = 10;

type Source = Pick<Stores, 'agents' | 'chats'>;
type Deleter = Pick<Turns, 'deleteIdleChat'>;

/** The state of retention in one process, between two runs of the job. */
export class RetentionProgress {
  readonly attempts: Attempts<Id<'chat'>>;
  /** The last agent that had its turn: the next one begins behind it. */
  after: Id<'agent'> | undefined;
  /** The position in the chats of each agent that has more chats than one run deletes. */
  readonly places = new Map<Id<'agent'>, Id<'chat'>>();

  constructor(attempts: Attempts<Id<'chat'>> = allAttempts) {
    this.attempts = attempts;
  }
}

interface ExpireOptions {
  readonly now?: Date;
  /** Ends it between two chats; the next time goes on with what is left. */
  readonly signal?: AbortSignal;
  readonly progress?: RetentionProgress;
  /** Is told of each chat, or agent, that failed: the others go on. */
  readonly onFailure?: (error: unknown, of: { agent: Id<'agent'>; chat?: Id<'chat'> }) => void;
}

/**
 * Deletes the chats that were kept for as long as their agents say, one after the other. A chat stays when a message
 * was accepted after it was judged: only one whose newest turn is still the judged one is deleted. Agents with many
 * chats take turns; a chat or agent that fails, or never ends, does not keep the others. Harmless on several servers
 * at a time. Answers how many it deleted.
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

/** One turn of an agent: some pages of its chats. Never rejects. */
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
