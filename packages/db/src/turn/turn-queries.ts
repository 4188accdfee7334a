import { compactAs, firstIdAt, mintedAtOf, pathOf } from '@parley/contract';
import { trusted } from 'mongoose';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { ChatTail } from '../chat/chat-records.ts';
import { isMarker } from '../chat/deletion-marker.ts';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import { notRemoved } from './remove-turns.ts';
import { toOrigin, toRecord, toSpender } from './turn-document.ts';
import type { TurnDocument } from './turn-model.ts';
import type { TurnStore } from './turn-port.ts';
import type { PolledTurn, QueuedTurn, UnfinishedTurn, VersionTurn } from './turn-records.ts';
import { isEnded } from './turn-status.ts';

/** Enough to see a whole queue behind the newest ended turn. */
export const TAIL_TURNS = 64;
/** The status of a turn that has not ended. */
export const UNFINISHED = ['queued', 'generating'] as const;

const tailFields = { chat: 1, sequence: 1, path: 1, status: 1, textBytes: 1 } as const;

const versionFields = {
  ...{ chat: 1, sequence: 1, parent: 1, retryOf: 1, answerId: 1, removedAt: 1 },
  ...{ 'messages.id': 1, 'messages.role': 1 },
} as const;
const unfinishedFields = {
  ...{ team: 1, chat: 1, sequence: 1, status: 1 },
  ...{ lease: 1, takeovers: 1, isCancelled: 1 },
  ...{ spender: 1, origin: 1 },
} as const;

const polledFields = {
  ...{ team: 1, chat: 1, sequence: 1, status: 1 },
  ...{ lease: 1, isCancelled: 1, wait: 1 },
} as const;

/** A hint, because the planner prefers an index over all teams while there are few turns. */
export const UNFINISHED_OF_TEAM = { team: 1, 'spender.user': 1 } as const;

const UNFINISHED_OF_NETWORK = { 'origin.networks': 1, status: 1 } as const;

/** The queries of turns that need no batches. */
export function createTurnQueries({ turns }: Pick<Models, 'turns'>): TurnQueries {
  return {
    async tail(access) {
      const newest = await turns.findOne(within(access), tailFields).sort({ sequence: -1 }).lean();
      if (!newest) return { sequence: 0, ended: true, textBytes: 0, unfinished: 0 };
      if (isMarker(newest)) return undefined;
      if (isEnded(newest.status)) return tailOf([newest]);
      return tailOf(
        await turns.find(within(access), tailFields).sort({ sequence: -1 }).limit(TAIL_TURNS).lean(),
      );
    },

    async findQueued({ team }, chat, sequence) {
      const found = await turns
        .findOne({ chat, team, sequence, status: 'queued' }, { isCancelled: 1, spender: 1, origin: 1 })
        .lean();
      if (!found) return undefined;
      const { _id: id, isCancelled = false, spender, origin } = found;
      return compactAs<QueuedTurn>({
        ...{ id, team, isCancelled },
        spender: spender && toSpender(spender),
        origin: origin && toOrigin(origin),
      });
    },

    async listMarks(ids) {
      const areThere = { _id: trusted({ $in: [...ids] }), ...notRemoved };
      const found = await turns.find(areThere, { isCancelled: 1 }).lean();
      return found.map(({ _id, isCancelled }) => ({ id: _id, isCancelled: isCancelled === true }));
    },

    async findByIdempotencyKey(access, idempotencyKey) {
      const found = await turns.findOne({ ...within(access), 'idempotency.key': idempotencyKey }).lean();
      return found ? toRecord(found) : undefined;
    },

    async findState(access, id) {
      const found = await turns
        .findOne({ _id: id, ...within(access) }, { chat: 1, status: 1, lease: 1, isCancelled: 1 })
        .lean();
      if (!found || isMarker(found)) return undefined;
      const { status, lease, isCancelled } = found;
      return { status, attempt: lease?.attempt ?? 0, isCancelled: isCancelled === true };
    },

    async listStates(ids) {
      const found = await turns.find({ _id: trusted({ $in: [...ids] }), ...notRemoved }, polledFields).lean();
      return found.filter((turn) => !isMarker(turn)).map(toPolled);
    },

    async listGrown(chats) {
      // Sequences have no gaps, so a chat has grown if the next one exists.
      const next = chats.map(({ chat, after }) => ({ chat, sequence: after + 1 }));
      const found = await turns.find({ $or: next, ...notRemoved }, { chat: 1, sequence: 1 }).lean();
      return found.filter((turn) => !isMarker(turn)).map(({ chat, sequence }) => ({ chat, sequence }));
    },

    async listAfter(access, sequence, limit) {
      const found = await turns
        .find({ ...within(access), sequence: trusted({ $gt: sequence }) })
        .sort({ sequence: 1 })
        .limit(limit)
        .lean();
      return found.filter((turn) => !isMarker(turn)).map(toRecord);
    },

    async find(access, id) {
      const found = await turns.findOne({ _id: id, ...within(access) }).lean();
      return found && !isMarker(found) ? toRecord(found) : undefined;
    },

    async findByUserMessage(access, message) {
      const mintedAt = mintedAtOf(message);
      if (!mintedAt) return undefined;
      // A process mints the ids of a message and its turn one after the other. If it took longer, the chat is searched.
      const around = { $gte: firstIdAt(mintedAt, 'turn'), $lt: firstIdAt(later(mintedAt), 'turn') };
      const own = { ...within(access), 'messages.id': message };
      const found =
        (await turns
          .findOne({ ...own, _id: trusted(around) } as object)
          .hint({ _id: 1 })
          .lean<TurnDocument>()) ??
        (await turns
          .findOne(own as object)
          .hint({ chat: 1, sequence: 1 })
          .lean<TurnDocument>());
      const turn = found && !isMarker(found) ? toRecord(found) : undefined;
      return turn?.userMessage?.id === message ? turn : undefined;
    },

    async listVersions(access, parents) {
      const own = within(access);
      const follow = [
        { ...own, parent: trusted({ $in: [...parents] }) },
        // A turn without a parent follows the one before it.
        { ...own, sequence: trusted({ $in: parents.map((parent) => parent + 1) }) },
      ];
      const found = await turns.find({ $or: follow }, versionFields).lean<StoredVersion[]>();
      return found
        .filter((turn) => !isMarker(turn))
        .map(toVersion)
        .filter(({ isRetry, parent }) => !isRetry || parent !== undefined)
        .toSorted((one, other) => one.sequence - other.sequence);
    },

    async findPath(access, sequence) {
      const found = await turns
        .findOne({ ...within(access), sequence }, { chat: 1, sequence: 1, path: 1 })
        .lean();
      return found && !isMarker(found) ? pathOf(found) : undefined;
    },

    async listUnfinished(limit, after) {
      const filter = filterOf({ status: trusted({ $in: UNFINISHED }) }, { _id: greaterThan(after) });
      const found = await turns.find(filter, unfinishedFields).sort({ _id: 1 }).limit(limit).lean();
      return found.map(toUnfinished);
    },

    async hasPredecessorEnded({ team }, chat, sequence) {
      if (sequence === 1) return true;
      const found = await turns.findOne({ chat, team, sequence: sequence - 1 }, { status: 1 }).lean();
      // A missing turn means that the chat was purged: this turn has to start, so that its run sees that and removes it.
      return found === null || isEnded(found.status);
    },

    async countUnfinished({ team, user }, limit) {
      const filter = filterOf({ team, status: trusted({ $in: UNFINISHED }) }, { 'spender.user': user });
      return turns.countDocuments(filter, { limit, hint: UNFINISHED_OF_TEAM });
    },

    async countFromNetwork(network, which, limit) {
      const filter = {
        'origin.networks': network,
        'origin.isPrivileged': false,
        status: which === 'generating' ? which : trusted({ $in: UNFINISHED }),
      };
      return turns.countDocuments(filter, { limit, hint: UNFINISHED_OF_NETWORK });
    },
  };
}

/** The functions of the store that read turns one command at a time. */
type TurnQueries = Pick<
  TurnStore,
  | 'tail'
  | 'findQueued'
  | 'listMarks'
  | 'findByIdempotencyKey'
  | 'findState'
  | 'listStates'
  | 'listGrown'
  | 'listAfter'
  | 'find'
  | 'findByUserMessage'
  | 'listVersions'
  | 'findPath'
  | 'listUnfinished'
  | 'hasPredecessorEnded'
  | 'countUnfinished'
  | 'countFromNetwork'
>;

/** The filter of the turns of a chat. */
export function within({ chat: { id: chat, team } }: ChatAccess) {
  return { chat, team };
}

/** The time within which a process mints the ids of a message and its turn, unless it was interrupted in between. */
const MINTED_WITHIN_MS = 3;

function later(at: Date): Date {
  return new Date(at.getTime() + MINTED_WITHIN_MS);
}

type StoredVersion = Pick<
  TurnDocument,
  'sequence' | 'parent' | 'retryOf' | 'answerId' | 'removedAt' | 'messages' | '_id' | 'chat'
>;

/** A turn without a parent that is no retry follows the one before it. */
function toVersion({ sequence, retryOf, answerId, removedAt, messages, ...stored }: StoredVersion) {
  const userMessageId = messages.find(({ role }) => role === 'user')?.id ?? retryOf?.userMessageId;
  const { parent = retryOf ? undefined : sequence - 1 } = stored;
  return compactAs<VersionTurn>({
    ...{ sequence, answerId, parent, isRetry: retryOf !== undefined },
    // The messages of a turn are there as long as the turn.
    userMessageId: userMessageId ?? answerId,
    hasAnswer: messages.some(({ id: message }) => message === answerId),
    isRemoved: removedAt && (true as const),
  });
}

type StoredUnfinished = Pick<TurnDocument, '_id' | keyof typeof unfinishedFields>;

function toUnfinished(document: StoredUnfinished): UnfinishedTurn {
  const { _id: id, team, chat, sequence, status, lease, takeovers, isCancelled = false } = document;
  const { spender, origin } = document;
  return compactAs<UnfinishedTurn>({
    ...{ id, team, chat, sequence, status, lease, takeovers, isCancelled },
    spender: spender && toSpender(spender),
    origin: origin && toOrigin(origin),
  });
}

type StoredPolled = Pick<TurnDocument, '_id' | keyof typeof polledFields>;

/** A stored wait of an earlier run does not apply to this run. */
function toPolled({ _id: id, team, sequence, status, lease, isCancelled, wait }: StoredPolled): PolledTurn {
  const attempt = lease?.attempt ?? 0;
  const isWaiting = status === 'generating' && wait?.attempt === attempt;
  return {
    ...{ id, team, sequence, status, attempt, isCancelled: isCancelled === true },
    ...(isWaiting && { waitsUntil: wait.until }),
  };
}

type TailTurn = Pick<TurnDocument, 'sequence' | 'path' | 'status' | 'textBytes'>;

/** Sums up the newest turns of a chat, newest first. */
function tailOf(newestFirst: readonly TailTurn[]): ChatTail {
  const newest = newestFirst[0];
  const newestEnded = newestFirst.findIndex(({ status }) => isEnded(status));
  const unfinished = newestEnded === -1 ? newestFirst.length : newestEnded;
  return {
    sequence: newest?.sequence ?? 0,
    ...(newest?.path && { path: [...newest.path] }),
    ended: unfinished === 0,
    textBytes: newestFirst[newestEnded]?.textBytes ?? 0,
    unfinished,
  };
}
