import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { accessTo, type ChatAccess } from './chat-access.ts';
import { toRecord as toChatRecord } from './chat-store.ts';
import { isDuplicateKey } from './database-errors.ts';
import { isMarker } from './deletion-marker.ts';
import type { Models, TurnDocument } from './models.ts';
import { type ChatTail, isEnded, type TurnOrigin } from './records.ts';
import { giveBack } from './reservations.ts';
import type { TurnStore } from './store.ts';
import { endUpdate, toDocument, toOrigin, toRecord, toSpender } from './turn-document.ts';
import { type HistoryTurn, historyFields, historyOf } from './turn-history.ts';

/** How many turns of the history one query brings, where nothing is known of their size. */
const HISTORY_PAGE = 30;
const HISTORY_PAGE_MAX = 128;
/** Enough to see a whole queue behind the newest ended turn. */
const TAIL_TURNS = 64;
const UNFINISHED = ['queued', 'generating'] as const;

const tailFields = { chat: 1, sequence: 1, status: 1, textBytes: 1 } as const;
const lookedFields = { sequence: 1, status: 1, textBytes: 1, ...historyFields } as const;
const unfinishedFields = {
  ...{ team: 1, chat: 1, sequence: 1, status: 1 },
  ...{ lease: 1, takeovers: 1, isCancelled: 1 },
  ...{ spender: 1, origin: 1 },
} as const;

/** The planner, which counts few of them, would rather look through those of all teams. */
const UNFINISHED_OF_TEAM = { team: 1, 'spender.user': 1 } as const;

const UNFINISHED_OF_NETWORK = { 'origin.networks': 1, status: 1 } as const;

export function createTurnStore({ chats, turns, budgets }: Models): TurnStore {
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

  /**
   * The two writes of every message go to the driver's collection, below Mongoose's casting: it costs a tenth
   * of the message, and what it would cast is built here, field by field, from typed values.
   */
  const hot = turns.collection as unknown as HotCollection;

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
      try {
        await hot.insertOne(toDocument(turn, team));
        return 'inserted';
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // The server names only one of the indexes that conflict: our own id may stand there all the same,
        // when the acknowledgement of an earlier try was lost.
        if ((await turns.exists({ _id: turn.id, team })) !== null) return 'inserted';
        const { idempotency } = turn;
        if (!idempotency) return 'sequence-taken';
        const kept = await turns.exists({ chat, team, 'idempotency.key': idempotency.key });
        return kept === null ? 'sequence-taken' : 'key-taken';
      }
    },

    async remove({ team }, id) {
      const removed = await turns
        .findOneAndDelete({ _id: id, team }, { projection: { reservations: 1 } })
        .lean();
      // What a crash keeps from being given back stands until the day is over.
      await giveBack(budgets, removed?.reservations ?? []);
    },

    async look({ team }, chatId, sequence, historyBytesMax, chatBytes) {
      const [chat, before] = await Promise.all([
        chats.findOne({ _id: chatId, team }).lean(),
        readBefore({ chat: chatId, team }, sequence, historyBytesMax, chatBytes),
      ]);
      const predecessor = before[0];
      return {
        chat: chat ? accessTo({ team }, toChatRecord(chat)) : undefined,
        predecessorEnded: predecessor === undefined || isEnded(predecessor.status),
        textBytesBefore: predecessor?.textBytes ?? 0,
        history: historyOf(before),
      };
    },

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
      return {
        ...{ id, team, isCancelled },
        ...(spender && { spender: toSpender(spender) }),
        ...(origin && { origin: toOrigin(origin) }),
      };
    },

    async release({ team }, id, token, usage) {
      const { matchedCount } = await turns.updateOne(
        { _id: id, team, status: 'generating', 'lease.token': token },
        { $set: { status: 'queued', 'lease.token': 'released' }, ...(usage && { $push: { usage } }) },
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
      const { matchedCount } = await turns.updateOne(
        { _id: id, team, status: 'generating', 'lease.token': token },
        { $set: { steps: [...steps] } },
      );
      if (matchedCount === 1) return 'kept';
      return (await turns.exists({ _id: id, team })) === null ? 'gone' : 'lost';
    },

    async end({ team }, id, token, end) {
      const ended = await hot.findOneAndUpdate(
        { _id: id, team, status: 'generating', 'lease.token': token },
        endUpdate(end),
        { projection: { hasSuccessor: 1 } },
      );
      if (ended) return { result: 'ended', hasSuccessor: ended.hasSuccessor === true };
      const now = await turns.findOne({ _id: id, team }, { status: 1, lease: 1, hasSuccessor: 1 }).lean();
      if (!now) return { result: 'gone' };
      const endedByUs = isEnded(now.status) && now.lease?.token === token;
      return endedByUs ? { result: 'ended', hasSuccessor: now.hasSuccessor === true } : { result: 'lost' };
    },

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
      const found = await turns.find({ _id: trusted({ $in: [...ids] }) }, { isCancelled: 1 }).lean();
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
      const found = await turns.find({ _id: trusted({ $in: [...ids] }) }, fields).lean();
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
      // Sequences are dense: a chat has grown exactly if the next one is there.
      const next = chats.map(({ chat, after }) => ({ chat, sequence: after + 1 }));
      const found = await turns.find({ $or: next }, { chat: 1, sequence: 1 }).lean();
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
      const filter = {
        status: trusted({ $in: UNFINISHED }),
        ...(after !== undefined && { _id: trusted({ $gt: after }) }),
      };
      const found = await turns.find(filter, unfinishedFields).sort({ _id: 1 }).limit(limit).lean();
      return found.map(({ _id, lease, isCancelled, spender, origin, ...fields }) => ({
        id: _id,
        ...fields,
        ...(lease && { lease }),
        ...(spender && { spender: toSpender(spender) }),
        ...(origin && { origin: toOrigin(origin) }),
        isCancelled: isCancelled === true,
      }));
    },

    async hasPredecessorEnded({ team }, chat, sequence) {
      if (sequence === 1) return true;
      const found = await turns.findOne({ chat, team, sequence: sequence - 1 }, { status: 1 }).lean();
      // None means that the chat was purged: the turn must start, to find that out and be removed.
      return found === null || isEnded(found.status);
    },

    async countUnfinished({ team, user }, limit) {
      const filter = {
        team,
        ...(user !== undefined && { 'spender.user': user }),
        status: trusted({ $in: UNFINISHED }),
      };
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

  /** The turns before `sequence`, newest first: the predecessor in any case, then as many as fit the bytes. */
  async function readBefore(
    owner: { chat: Id<'chat'>; team: Id<'team'> },
    sequence: number,
    bytesMax: number,
    chatBytes: number | undefined,
  ) {
    const found: LookedTurn[] = [];
    let bytes = 0;
    let size = chatBytes === undefined ? HISTORY_PAGE : pageOf(bytesMax, chatBytes / (sequence - 1));
    // Page by page: a cursor that is left before its end would stay open on the server.
    for (let before = sequence; before > 1; ) {
      const page: LookedTurn[] = await turns
        .find({ ...owner, sequence: trusted({ $lt: before }) }, lookedFields)
        .sort({ sequence: -1 })
        .limit(size)
        .lean<LookedTurn[]>();
      for (const turn of page) {
        found.push(turn);
        for (const { content } of turn.messages) bytes += Buffer.byteLength(content);
        if (bytes > bytesMax) return found;
      }
      if (page.length < size) return found;
      before = page.at(-1)?.sequence ?? 1;
      size = pageOf(bytesMax - bytes, bytes / found.length);
    }
    return found;
  }
}

/** Where the turns of a chat are that someone may use. */
function within({ chat: { id: chat, team } }: ChatAccess) {
  return { chat, team };
}

/** Matches turns of exactly this origin. */
function sameOrigin(origin: TurnOrigin | undefined) {
  const absent = trusted({ $exists: false });
  return {
    'origin.isPrivileged': origin?.isPrivileged ?? absent,
    'origin.networks': origin?.networks ? [...origin.networks] : absent,
  };
}

/** How many turns of such a size fill the bytes, with a few to spare. */
function pageOf(bytes: number, bytesPerTurn: number): number {
  return Math.min(Math.ceil((bytes / Math.max(bytesPerTurn, 1)) * 1.1) + 2, HISTORY_PAGE_MAX);
}

type LookedTurn = HistoryTurn & Pick<TurnDocument, 'sequence' | 'status' | 'textBytes'>;
interface HotCollection {
  insertOne(document: TurnDocument): Promise<unknown>;
  findOneAndUpdate(
    filter: Record<string, string>,
    update: ReturnType<typeof endUpdate>,
    options: { projection: { hasSuccessor: 1 } },
  ): Promise<Pick<TurnDocument, 'hasSuccessor'> | null>;
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
