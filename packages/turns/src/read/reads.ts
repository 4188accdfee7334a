import type { Id } from '@parley/contract';
import { limits } from '@parley/contract';
import type {
  ChangesAfter,
  ChatAccess,
  ChatReach,
  ChatRecord,
  ChatTail,
  FoundChanges,
  LoggedTape,
  PolledTurn,
  Scope,
  TurnRecord,
} from '@parley/db';
import { systemScopeOf, type TurnDeps } from '../dependencies.ts';
import { SharedReads } from './shared-reads.ts';

/** The result of a poll of a chat, for a follower that has received its turns up to `after`. */
interface ChatPoll {
  /** The team, user and agent of the chat; undefined if the chat was deleted. */
  readonly reach: ChatReach | undefined;
  /** Whether the chat has turns after `after`. */
  readonly hasGrown: boolean;
}

/** The repeated queries of a process's readers. Concurrent equal queries are sent once. */
export interface Reads {
  readonly chats: SharedReads<{ readonly chat: Id<'chat'>; readonly after: number }, ChatPoll>;
  readonly turnsAfter: SharedReads<{ readonly access: ChatAccess; readonly after: number }, TurnRecord[]>;
  readonly statuses: SharedReads<
    { readonly access: ChatAccess; readonly turn: Id<'turn'> },
    PolledTurn | undefined
  >;
  /** The tail of a chat, from which the position of a queued turn is computed. */
  readonly tails: SharedReads<{ readonly access: ChatAccess }, ChatTail | undefined>;
  /** The changes in a list of chats. */
  readonly listChanges: SharedReads<ChangesAfter, FoundChanges>;
  /** A chat of a list; undefined if it was deleted. */
  readonly listedChats: SharedReads<{ readonly chat: Id<'chat'> }, ChatRecord | undefined>;
  readonly log: SharedReads<
    {
      readonly access: ChatAccess;
      readonly turn: Id<'turn'>;
      readonly attempt: number;
      readonly from: number;
    },
    LoggedTape
  >;
}

/** Creates the shared reads of one process. */
export function createReads({ store, clock }: Pick<TurnDeps, 'store' | 'clock'>): Reads {
  return {
    chats: new SharedReads(
      clock,
      ({ chat, after }) => `${chat} ${after}`,
      async (subjects) => {
        const [reaches, grown] = await Promise.all([
          store.chats.listReach([...new Set(subjects.map(({ chat }) => chat))]),
          store.turns.listGrown(subjects),
        ]);
        const reachOf = new Map(reaches.map((reach) => [reach.id, reach]));
        const newest = new Set(grown.map(({ chat, sequence }) => `${chat} ${sequence - 1}`));
        return subjects.map(({ chat, after }) => ({
          reach: reachOf.get(chat),
          hasGrown: newest.has(`${chat} ${after}`),
        }));
      },
    ),
    turnsAfter: new SharedReads(
      clock,
      ({ access: { chat }, after }) => `${chat.team} ${chat.id} ${after}`,
      (subjects) =>
        Promise.all(
          subjects.map(({ access, after }) =>
            store.turns.listAfter(access, after, limits.chatEventsBehindMax),
          ),
        ),
    ),
    statuses: new SharedReads(
      clock,
      ({ access: { chat }, turn }) => `${chat.team} ${turn}`,
      async (subjects) => {
        const found = await store.turns.listStates(subjects.map(({ turn }) => turn));
        const statusOf = new Map(found.map((status) => [`${status.team} ${status.id}`, status]));
        return subjects.map(({ access: { chat }, turn }) => statusOf.get(`${chat.team} ${turn}`));
      },
    ),
    tails: new SharedReads(
      clock,
      ({ access: { chat } }) => `${chat.team} ${chat.id}`,
      (subjects) => Promise.all(subjects.map(({ access }) => store.turns.tail(access))),
    ),
    listChanges: new SharedReads(
      clock,
      ({ scope: { team, user, agents }, after }) => JSON.stringify([team, user, agents, after.getTime()]),
      (subjects) => store.chatChanges.listAfter(subjects),
    ),
    listedChats: new SharedReads(
      clock,
      ({ chat }) => chat,
      async (subjects) => {
        const found = await store.chats.listByIds(subjects.map(({ chat }) => chat));
        const chatOf = new Map(found.map((chat) => [chat.id, chat]));
        return subjects.map(({ chat }) => chatOf.get(chat));
      },
    ),
    log: new SharedReads(
      clock,
      ({ access: { chat }, turn, attempt, from }) => `${chat.team} ${turn} ${attempt} ${from}`,
      (subjects) =>
        Promise.all(
          subjects.map(({ access, turn, attempt, from }) =>
            store.turnLog.read(systemScopeOf(access), turn, attempt, from),
          ),
        ),
    ),
  };
}

/** Whether a scope includes a chat. */
export function isWithin({ team, user, agents }: Scope, reach: ChatReach): boolean {
  if (reach.team !== team) return false;
  if (user !== undefined && reach.user !== user) return false;
  return agents === undefined || agents.includes(reach.agent);
}

/**
 * The pause after which polls of one interval coincide, so that many readers share a command. It is at most `pauseMs`
 * and more than half of it.
 */
export function alignedPause(clock: Pick<TurnDeps['clock'], 'now'>, pauseMs: number): number {
  return pauseMs - (clock.now() % (pauseMs / 2));
}
