import { compact, compactAs, type Id } from '@parley/contract';
import { trusted } from 'mongoose';
import type { ReadBatches } from '../batching/read-batches.ts';
import type { WriteBatches } from '../batching/write-batches.ts';
import { giveBack } from '../budget/reservations.ts';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { ChatTail } from '../chat/chat-records.ts';
import { isMarker } from '../chat/deletion-marker.ts';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import { notRemoved } from './remove-turns.ts';
import { sizeOfSteps } from './steps-size.ts';
import { toOrigin, toRecord, toSpender } from './turn-document.ts';
import type { TurnDocument } from './turn-model.ts';
import type { TurnStore } from './turn-port.ts';
import type { QueuedTurn, TurnOrigin, UnfinishedTurn } from './turn-records.ts';
import { isEnded } from './turn-status.ts';

/** Enough to see a whole queue behind the newest ended turn. */
const TAIL_TURNS = 64;
const UNFINISHED = ['queued', 'generating'] as const;

const tailFields = { chat: 1, sequence: 1, status: 1, textBytes: 1 } as const;
const unfinishedFields = {
  ...{ team: 1, chat: 1, sequence: 1, status: 1 },
  ...{ lease: 1, takeovers: 1, isCancelled: 1 },
  ...{ spender: 1, origin: 1 },
} as const;

/** A hint, because the planner prefers an index over all teams while there are few turns. */
const UNFINISHED_OF_TEAM = { team: 1, 'spender.user': 1 } as const;

const UNFINISHED_OF_NETWORK = { 'origin.networks': 1, status: 1 } as const;

/** Creates the store of turns. The commands of every message go through `reads` and `writes`, in batches. */
export function createTurnStore(
  { turns, budgets }: Models,
  reads: Pick<ReadBatches, 'look'>,
  writes: WriteBatches,
): TurnStore {
  const claim = async (
    filter: { _id: Id<'turn'> } | ({ chat: Id<'chat'>; sequence: number } & ReturnType<typeof sameOrigin>),
    team: Id<'team'>,
    token: string,
  ) => {
    const update = {
      $set: { status: 'generating' as const, 'lease.token': token, 'lease.renewals': 0 },
      $inc: { 'lease.attempt': 1 },
    };
    const claimed = await turns
      .findOneAndUpdate({ ...filter, team, status: 'queued' as const }, update, { returnDocument: 'after' })
      .lean();
    return claimed ? toRecord(claimed) : undefined;
  };

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

    async insert(access, turn) {
      const { chat, team } = within(access);
      if (turn.chat !== chat) throw new Error(`turn ${turn.id} is not of chat ${chat}`);
      if ((await writes.insert({ team, turn })) === 'inserted') return 'inserted';
      // The server names only one of the conflicting indexes. The turn itself may be stored, if the acknowledgement of an
      // earlier attempt was lost.
      if ((await turns.exists({ _id: turn.id, team })) !== null) return 'inserted';
      const { idempotency } = turn;
      if (!idempotency) return 'sequence-taken';
      const kept = await turns.exists({ chat, team, 'idempotency.key': idempotency.key });
      return kept === null ? 'sequence-taken' : 'key-taken';
    },

    async remove({ team }, id) {
      const removed = await turns
        .findOneAndDelete({ _id: id, team }, { projection: { reservations: 1 } })
        .lean();
      // A reservation that a crash leaves here stays until the end of its day.
      await giveBack(budgets, removed?.reservations ?? []);
    },

    look: reads.look,

    async announceSuccessor({ team }, chat, sequence) {
      const filter = { chat, team, sequence: sequence - 1, status: trusted({ $in: UNFINISHED }) };
      const { matchedCount } = await turns.updateOne(filter, { $set: { hasSuccessor: true } });
      return matchedCount === 1;
    },

    claim: ({ team }, id, token) => claim({ _id: id }, team, token),

    claimNext: ({ team }, chat, sequence, token, origin) =>
      claim({ chat, sequence, ...sameOrigin(origin) }, team, token),

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

    async release({ team }, id, token, usage) {
      const { matchedCount } = await turns.updateOne(
        { _id: id, team, status: 'generating', 'lease.token': token },
        compact({
          $set: { status: 'queued' as const, 'lease.token': 'released' },
          $push: usage && { usage },
        }),
      );
      return matchedCount === 1;
    },

    async renew(leases) {
      const filter = {
        _id: trusted({ $in: leases.map(({ turn }) => turn) }),
        status: 'generating' as const,
        'lease.token': trusted({ $in: leases.map(({ token }) => token) }),
      };
      const { matchedCount } = await turns.updateMany(filter, { $inc: { 'lease.renewals': 1 } });
      if (matchedCount === leases.length) return [];
      const standing = await turns.find(filter, { lease: 1 }).lean();
      const tokens = new Set(standing.map(({ lease }) => lease?.token));
      return leases.map(({ token }) => token).filter((token) => !tokens.has(token));
    },

    async saveToolSteps({ team }, id, token, steps) {
      const stepsSize = sizeOfSteps(steps);
      const mine = { _id: id, team, status: 'generating' as const, 'lease.token': token };
      const { matchedCount } = await turns.updateOne(
        // An earlier command may take effect after a later one, when its connection was lost. Steps only grow.
        { ...mine, stepsSize: trusted({ $not: { $gt: stepsSize } }) },
        { $set: { steps: [...steps], stepsSize } },
      );
      if (matchedCount === 1 || (await turns.exists(mine))) return 'kept';
      return (await turns.exists({ _id: id, team })) === null ? 'gone' : 'lost';
    },

    end: ({ team }, id, token, end) => writes.end({ team, id, token, end }),

    async cancel(access, id) {
      const filter = { _id: id, ...within(access), status: trusted({ $in: UNFINISHED }) };
      const { matchedCount } = await turns.updateOne(filter, { $set: { isCancelled: true } });
      return matchedCount === 1;
    },

    async cancelOfUser({ team }, user, limit) {
      const filter = {
        team,
        'spender.user': user,
        status: trusted({ $in: UNFINISHED }),
        isCancelled: trusted({ $exists: false }),
      };
      const found = await turns.find(filter, { _id: 1 }).limit(limit).hint(UNFINISHED_OF_TEAM).lean();
      const ids = found.map(({ _id }) => _id);
      const unfinished = { _id: trusted({ $in: ids }), team, status: trusted({ $in: UNFINISHED }) };
      if (ids.length > 0) await turns.updateMany(unfinished, { $set: { isCancelled: true } });
      return ids;
    },

    async cancelBefore(access, sequence) {
      const filter = {
        ...within(access),
        sequence: trusted({ $lt: sequence, $gte: sequence - TAIL_TURNS }),
        status: trusted({ $in: UNFINISHED }),
      };
      await turns.updateMany(filter, { $set: { isCancelled: true } });
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

    async stand(access, id) {
      const found = await turns
        .findOne({ _id: id, ...within(access) }, { chat: 1, status: 1, lease: 1, isCancelled: 1 })
        .lean();
      if (!found || isMarker(found)) return undefined;
      const { status, lease, isCancelled } = found;
      return { status, attempt: lease?.attempt ?? 0, isCancelled: isCancelled === true };
    },

    async listStands(ids) {
      const fields = { team: 1, chat: 1, status: 1, lease: 1, isCancelled: 1 } as const;
      const found = await turns.find({ _id: trusted({ $in: [...ids] }), ...notRemoved }, fields).lean();
      return found
        .filter((turn) => !isMarker(turn))
        .map(({ _id: id, team, status, lease, isCancelled }) => ({
          id,
          team,
          status,
          attempt: lease?.attempt ?? 0,
          isCancelled: isCancelled === true,
        }));
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

    async takeOver({ team }, id, seen, token) {
      const taken = await turns
        .findOneAndUpdate(
          {
            _id: id,
            team,
            status: 'generating',
            'lease.token': seen.token,
            'lease.renewals': seen.renewals,
          },
          { $set: { 'lease.token': token, 'lease.renewals': 0 }, $inc: { 'lease.attempt': 1, takeovers: 1 } },
          { returnDocument: 'after' },
        )
        .lean();
      return taken ? toRecord(taken) : undefined;
    },
  };
}

/** The filter of the turns of a chat. */
function within({ chat: { id: chat, team } }: ChatAccess) {
  return { chat, team };
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

/** Matches turns of exactly this origin. */
function sameOrigin(origin: TurnOrigin | undefined) {
  const absent = trusted({ $exists: false });
  return {
    'origin.isPrivileged': origin?.isPrivileged ?? absent,
    'origin.networks': origin?.networks ? [...origin.networks] : absent,
  };
}

type TailTurn = Pick<TurnDocument, 'sequence' | 'status' | 'textBytes'>;

/** Sums up the newest turns of a chat, newest first. */
function tailOf(newestFirst: readonly TailTurn[]): ChatTail {
  const newest = newestFirst[0];
  const newestEnded = newestFirst.findIndex(({ status }) => isEnded(status));
  const unfinished = newestEnded === -1 ? newestFirst.length : newestEnded;
  return {
    sequence: newest?.sequence ?? 0,
    ended: unfinished === 0,
    textBytes: newestFirst[newestEnded]?.textBytes ?? 0,
    unfinished,
  };
}
